import { quote } from './quote.ts';

/**
 * Work that takes minutes, as a systemd unit of its own with a fixed name. It lives on when the connection breaks; the
 * same command, given again, finds the unit by its name, follows its output and returns its result. Two runs can never
 * do the same work side by side for the same reason.
 */
export function longWork(name: string, text: string, timeoutSeconds: number): string {
  return `unit=${quote(`airflow-aws-${name}`)}
work=/var/lib/airflow-aws/work/${name}
install -d -m 0700 -- "$work"
follow() {
  local pid
  while systemctl is-active --quiet "$unit"; do
    pid=$(systemctl show --property=MainPID --value "$unit")
    if [ "\${pid:-0}" != 0 ]; then tail --pid="$pid" --sleep-interval=0.3 --lines=+1 --follow=name --quiet -- "$work/log" || true; fi
    sleep 0.3
  done
}
printf %s ${quote(text)} >"$work/script.new"
if ! systemctl is-active --quiet "$unit" || ! cmp --silent "$work/script.new" "$work/script"; then
  follow
  mv --force -- "$work/script.new" "$work/script"
  rm --force -- "$work/exit"
  : >"$work/log"
  systemctl reset-failed "$unit" 2>/dev/null || true
  systemd-run --quiet --collect --unit="$unit" --property=RuntimeMaxSec=${timeoutSeconds} -- \\
    bash -c 'bash "$1/script" >"$1/log" 2>&1 </dev/null; echo $? >"$1/exit"' airflow-aws "$work"
fi
follow
if [ ! -e "$work/exit" ]; then
  echo "the work was stopped after ${timeoutSeconds} seconds, or the server was" >&2
  return 124
fi
if [ "$(cat "$work/exit")" != 0 ]; then
  tail --lines=25 -- "$work/log" >&2
  return 1
fi`;
}
