import type { Command, Mount, Packages, ServerFile, Units } from './command.ts';
import { longWork } from './long-work.ts';
import { quote, quoteAll } from './quote.ts';

/**
 * The command as one Bash script for root, to be read from standard input. Everything stands in a function whose input
 * is empty, since a program that reads its input would otherwise swallow the rest of the script.
 *
 * @param readLocal gives the content of a file on this machine.
 */
export function bashOf(command: Command, readLocal: (path: string) => string): string {
  return ['set -euo pipefail', 'umask 022', 'main() {', body(command, readLocal), '}', 'main </dev/null', ''].join(
    '\n',
  );
}

function body(command: Command, readLocal: (path: string) => string): string {
  switch (command.kind) {
    case 'packages':
      return longWork('packages', packageScript(command), command.timeoutSeconds);
    case 'script':
      return command.long ? longWork(command.name, command.text, command.timeoutSeconds) : inSubshell(command.text);
    case 'files':
      return `${putFunction}\n${command.files.map((file) => putFile(file, readLocal)).join('\n')}`;
    case 'mount':
      return mountScript(command);
    case 'units':
      return unitScript(command);
    case 'read':
      return `if [ -e ${quote(command.path)} ]; then cat -- ${quote(command.path)}; fi`;
    case 'unit-states':
      return `systemctl is-active -- ${quoteAll(command.names)} || true`;
    case 'get':
      return `curl --silent --show-error --insecure --max-time 20 -- ${quote(command.url)}`;
  }
}

function inSubshell(text: string): string {
  return `bash -c ${quote(text)} </dev/null`;
}

function packageScript({ manager, names }: Packages): string {
  // On its first start a server still sets itself up, and holds the package manager's lock while it does.
  const ready = 'if command -v cloud-init >/dev/null; then cloud-init status --wait >/dev/null || true; fi';
  const install =
    manager === 'dnf'
      ? `dnf install --assumeyes --quiet -- ${quoteAll(names)}`
      : [
          'export DEBIAN_FRONTEND=noninteractive',
          'apt-get -o DPkg::Lock::Timeout=300 --quiet update',
          `apt-get -o DPkg::Lock::Timeout=300 --quiet --yes --no-install-recommends install -- ${quoteAll(names)}`,
        ].join('\n');
  return `set -euo pipefail\n${ready}\n${install}\n`;
}

// A temporary file in the same folder: the old content is there until the new one is whole. Rights come before content.
// Its name is the server's own, since the folder may be one that both nodes write to at the same moment.
const putFunction = `put() {
  local path=$1 mode=$2 owner=$3 content=$4 temporary=$1.$HOSTNAME.airflow-aws-new
  install -d -- "$(dirname -- "$path")"
  install -m "$mode" -o "\${owner%%:*}" -g "\${owner##*:}" -- /dev/null "$temporary"
  printf %s "$content" >"$temporary"
  mv --force -- "$temporary" "$path"
}`;

function putFile({ path, mode, owner, source }: ServerFile, readLocal: (path: string) => string): string {
  const content = 'content' in source ? source.content : readLocal(source.from);
  return `put ${quoteAll([path, mode, owner, content])}`;
}

function mountScript({ path, source, type, options, timeoutSeconds }: Mount): string {
  // A blank would be the next field of the table, and a line end the next mount.
  for (const field of [source, path, options])
    if (!/^[^\s\p{Cc}#]+$/u.test(field)) throw new TypeError(`${JSON.stringify(field)} cannot be in /etc/fstab`);
  const line = `${source} ${path} ${type} ${options} 0 0`;
  return [
    `install -d -- ${quote(path)}`,
    // One line a mount point: an older line for the same point is replaced.
    `awk -v point=${quote(path)} '$2 != point' /etc/fstab >/etc/fstab.airflow-aws-new`,
    `printf '%s\\n' ${quote(line)} >>/etc/fstab.airflow-aws-new`,
    'chmod 0644 /etc/fstab.airflow-aws-new',
    'mv --force /etc/fstab.airflow-aws-new /etc/fstab',
    'systemctl daemon-reload',
    `for _ in $(seq ${Math.floor(timeoutSeconds / 12)}); do`,
    `  if mountpoint --quiet ${quote(path)}; then return 0; fi`,
    `  timeout 30 mount ${quote(path)} && return 0`,
    '  sleep 10',
    'done',
    'return 1',
  ].join('\n');
}

function unitScript({ action, names }: Units): string {
  const list = quoteAll(names);
  if (action === 'stop') return `systemctl stop -- ${list}`;
  const lines = ['systemctl daemon-reload', `systemctl reset-failed -- ${list} 2>/dev/null || true`];
  lines.push(`systemctl enable --quiet -- ${list}`, `systemctl ${action} -- ${list}`);
  return lines.join('\n');
}
