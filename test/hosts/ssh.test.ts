import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { file, files, script } from '../../src/hosts/command.ts';
import { hideSecret, mask } from '../../src/hosts/mask.ts';
import type { Host } from '../../src/hosts/shell.ts';
import { sshShell } from '../../src/hosts/ssh.ts';
import { closeConnections, sshConfig } from '../../src/hosts/ssh-config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
  writeFileSync(join(folder, 'pms-oregon-key.pem'), 'key');
});
afterEach(() => {
  closeConnections(folder, 'ssh');
  rmSync(folder, { recursive: true, force: true });
});

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

  it('says once what the server says on both of its outputs', async () => {
    const shell = shellWith('cat >/dev/null; echo the disk is full; echo the disk is full >&2; exit 1');
    await expect(shell.run(node, work('x'))).rejects.toMatchObject({ why: 'the disk is full' });
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

  it('knows a secret that passed through this process, wherever it shows', () => {
    expect(mask('the word is Zq8vTr51Lm')).toBe('the word is Zq8vTr51Lm');
    hideSecret('Zq8vTr51Lm');
    expect(mask('the word is Zq8vTr51Lm')).toBe('the word is ***');
    hideSecret(JSON.stringify({ fernetKey: 'Ab3dEfGh1jK=', other: 'Mn0pQrSt' }));
    expect(mask('Ab3dEfGh1jK= and Mn0pQrSt')).toBe('*** and ***');
  });

  it('leaves no line of a private key, sent or only seen', () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const lines = privateKey.trim().split('\n');
    expect(lines.slice(0, -2).map(mask).join('\n')).not.toMatch(/[A-Za-z0-9+/]{20}/);
    hideSecret(privateKey);
    // Its last line is short, and told from other words only once the key is known.
    expect(lines.map(mask).join('\n')).not.toMatch(/[A-Za-z0-9+/]{20}/);
  });
});

describe.skipIf(!existsSync('/usr/sbin/sshd'))('over a real sshd', () => {
  let server: ChildProcess;
  let log = '';
  let program: string;
  const here: Host = { name: 'bastion', instanceId: 'i-0b', address: '127.0.0.1', user: userInfo().username };
  const sockets = () => join(tmpdir(), `airflow-aws-${createHash('sha256').update(folder).digest('hex').slice(0, 10)}`);

  beforeEach(async () => {
    log = '';
    const key = (name: string) => spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    rmSync(join(folder, 'pms-oregon-key.pem'));
    key('pms-oregon-key.pem');
    key('host');
    const port = 20_000 + (process.pid % 20_000);
    const options = [
      ...['Port', `${port}`, 'ListenAddress', '127.0.0.1', 'HostKey', join(folder, 'host'), 'PidFile', 'none'],
      ...['AuthorizedKeysFile', join(folder, 'pms-oregon-key.pem.pub'), 'StrictModes', 'no', 'UsePAM', 'no'],
    ];
    const words = options.flatMap((word, at) => (at % 2 === 0 ? ['-o', `${word}=${options[at + 1]}`] : []));
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', '/dev/null', ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((listening) => {
      server.stderr!.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('Server listening')) listening();
      });
    });
    // The server takes what it is given without sudo, which the machine of a test need not have.
    program = join(folder, 'ssh-there');
    writeFileSync(program, `#!/bin/bash\nexec ssh -p ${port} "\${@/sudo -n bash/bash}"\n`);
    chmodSync(program, 0o755);
  });
  afterEach(() => server.kill());

  it('thirty commands cost one handshake, the host key is pinned, and nothing is left when the run ends', async () => {
    const shell = sshShell({ folder, program });
    for (let count = 0; count < 30; count++)
      expect((await shell.run(here, work(`echo ${count}`))).stdout).toBe(`${count}`);
    expect(log.match(/Accepted publickey/g)).toHaveLength(1);
    expect(readFileSync(join(folder, 'known_hosts'), 'utf8')).toMatch(/^i-0b ssh-ed25519 /);
    expect(readdirSync(sockets())).toHaveLength(1);
    shell.close();
    expect(existsSync(sockets())).toBe(false);
  });

  it('the end of one run lets the command of another finish, which then opens a connection of its own', async () => {
    const [one, other] = [sshShell({ folder, program }), sshShell({ folder, program })];
    await one.run(here, work('true'));
    const slow = other.run(here, work('sleep 1; echo finished'));
    await sleep(400);
    one.close();
    expect((await slow).stdout).toBe('finished');
    expect((await other.run(here, work('echo again'))).stdout).toBe('again');
    expect(log.match(/Accepted publickey/g)).toHaveLength(2);
    other.close();
  });
});
