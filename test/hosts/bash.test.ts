import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bashOf } from '../../src/hosts/bash.ts';
import { file, files, read, script } from '../../src/hosts/command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
const owner = `${userInfo().username}:${group}`;
const noLocal = () => {
  throw new Error('no file of this machine is needed');
};

/** Runs the command as the runner does, with the server's paths moved into the test's folder. */
function run(text: string) {
  const moved = text.replaceAll('/var/lib/airflow-aws', folder);
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, FAKE: folder };
  return spawnSync('bash', ['-s'], { input: moved, encoding: 'utf8', env });
}

describe('files', () => {
  it('are written with content, rights and folder, and twice is the same as once', () => {
    const path = join(folder, 'deep/er/file');
    const content = "line 'one'\n$HOME `id` \\ \n\n";
    const text = bashOf(files('write', [file(path, '0640', owner, content)]), noLocal);
    for (let time = 0; time < 2; time++) {
      expect(run(text).status).toBe(0);
      expect(readFileSync(path, 'utf8')).toBe(content);
      expect(statSync(path).mode & 0o777).toBe(0o640);
    }
  });

  it('of this machine are read when the command runs', () => {
    const path = join(folder, 'key');
    const command = files('write', [{ path, mode: '0600', owner, source: { from: 'local.pem' } }]);
    expect(run(bashOf(command, (from) => `content of ${from}`)).status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('content of local.pem');
  });
});

describe('reading', () => {
  it('prints the file, and nothing for one that is not there', () => {
    writeFileSync(join(folder, 'there'), 'text\n');
    expect(run(bashOf(read(join(folder, 'there')), noLocal)).stdout).toBe('text\n');
    expect(run(bashOf(read(join(folder, 'not-there')), noLocal))).toMatchObject({ stdout: '', status: 0 });
  });
});

describe('a script', () => {
  const plain = (text: string) =>
    bashOf(script({ name: 'x', title: 'x', typicalSeconds: 1, timeoutSeconds: 9, text }), noLocal);

  it('whose program reads its input does not lose its later lines', () => {
    expect(run(plain('cat\necho after')).stdout).toBe('after\n');
  });

  it('gives its exit code on', () => {
    expect(run(plain('exit 7')).status).toBe(7);
  });
});

describe('long work', () => {
  // A systemd that knows the four calls that long work makes: the unit is a process, and its name is a file.
  const fakes: Record<string, string> = {
    systemctl: `#!/bin/bash
case $1 in
  is-active) unit=\${*: -1}; [ -e "$FAKE/$unit.pid" ] && kill -0 "$(cat "$FAKE/$unit.pid")" 2>/dev/null ;;
  show) cat "$FAKE/\${*: -1}.pid" 2>/dev/null || echo 0 ;;
  *) true ;;
esac`,
    'systemd-run': `#!/bin/bash
echo started >>"$FAKE/starts"
for argument; do case $argument in --unit=*) unit=\${argument#--unit=} ;; --) shift; break ;; esac; shift; done
setsid "$@" </dev/null >/dev/null 2>&1 &
echo $! >"$FAKE/$unit.pid"`,
  };
  beforeEach(() => {
    for (const [name, text] of Object.entries(fakes)) {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o755);
    }
  });
  const long = (text: string) =>
    bashOf(script({ name: 'work', title: 'x', typicalSeconds: 1, timeoutSeconds: 60, long: true, text }), noLocal);
  const starts = () => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').length;

  it('shows its output and succeeds', () => {
    expect(run(long('echo one; sleep 0.3; echo two'))).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('two'),
    });
  });

  it('that fails ends with the last lines it said', () => {
    const { status, stderr } = run(long('echo because >&2; exit 3'));
    expect(status).not.toBe(0);
    expect(stderr).toContain('because');
  });

  it('goes on when the connection breaks, and is picked up and not begun again', async () => {
    const text = long(`sleep 2; echo finished >>"${folder}/finished"`).replaceAll('/var/lib/airflow-aws', folder);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, FAKE: folder };
    const first = spawn('bash', ['-s'], { env, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    first.stdin.end(text);
    await new Promise((wake) => setTimeout(wake, 900));
    process.kill(-first.pid!, 'SIGKILL');
    expect(run(text).status).toBe(0);
    expect(starts()).toBe(1);
    expect(readFileSync(join(folder, 'finished'), 'utf8')).toBe('finished\n');
  });

  it('that was done before is done again, since the server may have changed', () => {
    const text = long('true');
    expect(run(text).status).toBe(0);
    expect(run(text).status).toBe(0);
    expect(starts()).toBe(2);
  });

  it('of another text waits for the one that runs', () => {
    const slow = long(`sleep 1; echo slow >>"${folder}/order"`).replaceAll('/var/lib/airflow-aws', folder);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, FAKE: folder };
    const first = spawn('bash', ['-s'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    first.stdin.end(slow);
    spawnSync('sleep', ['0.5']);
    expect(run(long(`echo quick >>"${folder}/order"`)).status).toBe(0);
    expect(readFileSync(join(folder, 'order'), 'utf8')).toBe('slow\nquick\n');
  });
});
