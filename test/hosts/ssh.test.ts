import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { file, files, script } from '../../src/hosts/command.ts';
import { mask } from '../../src/hosts/mask.ts';
import type { Host } from '../../src/hosts/shell.ts';
import { sshShell } from '../../src/hosts/ssh.ts';
import { sshConfig } from '../../src/hosts/ssh-config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
  writeFileSync(join(folder, 'pms-oregon-key.pem'), 'key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bastion: Host = { name: 'bastion', instanceId: 'i-0b', address: '198.51.100.7', user: 'ec2-user' };
const node: Host = { name: 'a', instanceId: 'i-0a', address: '10.0.2.10', user: 'ec2-user', via: bastion };
const work = (text: string, timeoutSeconds = 20) =>
  script({ name: 'x', title: 'do the work', typicalSeconds: 1, timeoutSeconds, text });

/** A program in the place of ssh: it notes what it was given and does as `body` says. */
function fakeSsh(body: string): string {
  const program = join(folder, 'fake-ssh');
  writeFileSync(program, `#!/bin/bash\nprintf '%s\\n' "$@" >>"${folder}/arguments"\n${body}\n`);
  chmodSync(program, 0o755);
  return program;
}

const shellWith = (body: string) => sshShell({ folder, program: fakeSsh(body) });

describe('the runner', () => {
  it('gives the script to the server by standard input and nothing of it as an argument', async () => {
    const shell = shellWith('exec bash -s');
    const { stdout } = await shell.run(node, work('echo s3cret-on-the-server'));
    expect(stdout).toBe('s3cret-on-the-server');
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).not.toContain('s3cret');
  });

  it('names the server, what it should do and the last lines when a command fails', async () => {
    const shell = shellWith('cat >/dev/null; echo the disk is full >&2; exit 1');
    await expect(shell.run(node, work('x'))).rejects.toMatchObject({
      code: 'host-command-failed',
      exitCode: 1,
      what: 'a (i-0a) could not do the work.',
      why: expect.stringContaining('the disk is full'),
      resumable: true,
    });
  });

  it('takes secrets out of what it repeats', async () => {
    const shell = shellWith('cat >/dev/null; echo "cannot reach mysql://airflow:hunter2@host/x" >&2; exit 1');
    const error = await shell.run(node, work('x')).catch((thrown) => thrown);
    expect(error.why).toContain('mysql://airflow:***@host/x');
    expect(error.why).not.toContain('hunter2');
  });

  it.each([
    ['connect to host 198.51.100.7 port 22: Connection timed out', 'host-unreachable'],
    ['ec2-user@198.51.100.7: Permission denied (publickey).', 'host-login-refused'],
    ['Host key verification failed.', 'host-key-changed'],
  ])('explains "%s"', async (message, code) => {
    const shell = shellWith(`cat >/dev/null; echo "${message}" >&2; exit 255`);
    await expect(shell.run(node, work('x'))).rejects.toMatchObject({ code, fix: expect.stringMatching(/\w/) });
  });

  it('gives a command again when its connection breaks', async () => {
    const shell = shellWith(`if [ ! -e "${folder}/broken" ]; then
      touch "${folder}/broken"; cat >/dev/null; echo "Connection to a closed by remote host." >&2; exit 255
    fi
    exec bash -s`);
    expect((await shell.run(node, work('echo done'))).stdout).toBe('done');
  });

  it('ends a command that takes too long', async () => {
    const shell = shellWith('exec sleep 30');
    await expect(shell.run(node, work('x', 1))).rejects.toMatchObject({ code: 'host-command-timeout' });
  });

  it('stops when the run is stopped', async () => {
    const stop = new AbortController();
    const running = shellWith('exec sleep 30').run(node, work('x'), { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopped')), 200);
    await expect(running).rejects.toThrow('stopped');
  });

  it('tells each line of output as it comes, masked', async () => {
    const lines: string[] = [];
    const shell = shellWith('exec bash -s');
    await shell.run(node, work('echo one; echo password=hunter2'), { onOutput: (line) => lines.push(line) });
    expect(lines).toEqual(['one', 'password=***']);
  });

  it('says where the key belongs when it is gone', async () => {
    const shell = shellWith('exec bash -s');
    rmSync(join(folder, 'pms-oregon-key.pem'));
    await expect(shell.run(node, files('x', [file('/x', '0600', 'root:root', '')]))).rejects.toMatchObject({
      code: 'private-key-missing',
    });
    expect(existsSync(join(folder, 'arguments'))).toBe(false);
  });
});

describe('ssh_config', () => {
  const text = sshConfig([bastion, node], { folder: '/my folder', keyFile: '/my folder/100%.pem' }, '/tmp/sockets');

  it('jumps through the bastion with the one key, and never forwards the agent', () => {
    expect(text).toMatch(
      /Host a\n {2}HostName 10\.0\.2\.10\n {2}User ec2-user\n {2}HostKeyAlias i-0a\n {2}ProxyJump bastion\n/,
    );
    expect(text).toContain('ForwardAgent no');
    expect(text).toContain('IdentityFile "/my folder/100%%.pem"');
    expect(text).toContain('ControlPath "/tmp/sockets/%C"');
  });

  it('pins host keys at first sight, in the folder of the deployment', () => {
    expect(text).toContain('StrictHostKeyChecking accept-new');
    expect(text).toContain('UserKnownHostsFile "/my folder/known_hosts"');
  });
});

describe('masking', () => {
  it.each([
    ['rediss://user:abc@cache:6379/0', 'rediss://user:***@cache:6379/0'],
    ['"adminPassword": "abc", "x": 1', '"adminPassword": ***, "x": 1'],
    ["CREATE USER a IDENTIFIED BY 'abc' REQUIRE SSL", 'CREATE USER a IDENTIFIED BY *** REQUIRE SSL'],
    ['AIRFLOW__CORE__FERNET_KEY=abc=', 'AIRFLOW__CORE__FERNET_KEY=***'],
    ['https://host:8080/path', 'https://host:8080/path'],
    ['installed 3 packages', 'installed 3 packages'],
  ])('%s becomes %s', (line, masked) => {
    expect(mask(line)).toBe(masked);
  });
});
