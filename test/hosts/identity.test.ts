import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hideIdentity, showIdentity } from '../../src/hosts/software.ts';

const needed = ['findmnt', 'systemd-escape', 'unshare'];
const possible =
  process.getuid?.() === 0 &&
  needed.every((program) => spawnSync('which', [program]).status === 0) &&
  spawnSync('unshare', ['--mount', 'true']).status === 0;

/** In mounts of its own: a server's places, and a view of the volume below whatever is laid over them. */
const stage = `set -eu
mount -t tmpfs none /run
mount -t tmpfs none /etc/ssh
mount -t tmpfs none /var/lib
echo private >/etc/ssh/ssh_host_rsa_key
chmod 600 /etc/ssh/ssh_host_rsa_key
mkdir -p /var/lib/cloud/instance
echo done >/var/lib/cloud/instance/state
mkdir -p /run/view/ssh /run/view/lib
mount --bind /etc/ssh /run/view/ssh
mount --bind /var/lib /run/view/lib
report() {
  echo "$1 server $(cat /etc/ssh/ssh_host_rsa_key) $(cat /var/lib/cloud/instance/state)"
  echo "$1 volume [$(cat /run/view/ssh/ssh_host_rsa_key)] [$(ls /run/view/lib/cloud)] $(stat -c %a /run/view/ssh/ssh_host_rsa_key)"
}
`;

it.skipIf(!possible)(
  'what an image would take has no host key and no trace of the first start, and all of it comes back',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
    try {
      const text = (command: ReturnType<typeof hideIdentity>) => (command.kind === 'script' ? command.text : '');
      writeFileSync(join(folder, 'hide'), text(hideIdentity()));
      writeFileSync(join(folder, 'show'), text(showIdentity()));
      // Each twice: both may be repeated after a crash.
      const body = `bash ${folder}/hide\nbash ${folder}/hide\nreport hidden\nbash ${folder}/show\nbash ${folder}/show\nreport shown\n`;
      const output = execFileSync('unshare', ['--mount', 'bash', '-s'], { input: stage + body, encoding: 'utf8' });
      expect(output.trim().split('\n')).toEqual([
        'hidden server private done',
        'hidden volume [] [] 600',
        'shown server private done',
        'shown volume [private] [instance] 600',
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
