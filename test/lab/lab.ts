/**
 * The region in a box, for people: `npm run lab -- up`, then `npm run lab -- run up --yes` builds a cluster in it with
 * the built command line, `npm run lab -- shell a` is a shell on node a, and `npm run lab -- down` takes it all away.
 */
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onHost, pull } from './hosts.ts';
import { commandLine, openLab, prepare, writeSettings } from './operator.ts';
import { cacheFolder } from './processes.ts';
import { closeLeftovers, endpointUrl } from './region.ts';

const readyFile = join(cacheFolder, 'ready');
const supervisorFile = join(cacheFolder, 'supervisor.pid');
const deployment = join(cacheFolder, 'deployment');

const say = (line: string) => process.stdout.write(`${line}\n`);

async function up() {
  if (existsSync(readyFile)) throw new Error('The lab is up already.');
  await prepare();
  const log = openSync(join(cacheFolder, 'lab.log'), 'w');
  const child = spawn(process.execPath, [process.argv[1]!, 'supervise'], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.unref();
  writeFileSync(supervisorFile, String(child.pid));
  for (let attempt = 0; !existsSync(readyFile); attempt++) {
    if (attempt > 600 || child.exitCode !== null)
      throw new Error(`the lab did not come up: ${readFileSync(join(cacheFolder, 'lab.log'), 'utf8').slice(-2000)}`);
    await sleep(200);
  }
  say(`The lab is up; its endpoint is ${endpointUrl}, its deployment is in ${deployment}.`);
}

async function supervise() {
  const { close } = await openLab((line) => say(`${new Date().toISOString()} ${line}`));
  rmSync(deployment, { recursive: true, force: true });
  writeSettings(deployment);
  writeFileSync(readyFile, '');
  const end = async () => {
    await close();
    rmSync(readyFile, { force: true });
    process.exit(0);
  };
  process.once('SIGTERM', () => void end());
  process.once('SIGINT', () => void end());
}

async function down() {
  if (existsSync(supervisorFile)) {
    const pid = Number(readFileSync(supervisorFile, 'utf8'));
    rmSync(supervisorFile);
    if (existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('supervise')) {
      process.kill(pid, 'SIGTERM');
      for (let attempt = 0; existsSync(`/proc/${pid}`) && attempt < 100; attempt++) await sleep(200);
    }
  }
  await closeLeftovers();
  rmSync(readyFile, { force: true });
  say('The lab is down.');
}

/** Runs a program here, with this terminal. */
async function become([file, args]: [string, string[]], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(file, args, { stdio: 'inherit', env });
  process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

const [command = '', ...rest] = process.argv.slice(2);
if (command === 'up') await up();
else if (command === 'down') await down();
else if (command === 'supervise') await supervise();
else if (command === 'shell')
  await become(await onHost(rest[0] ?? 'a', rest.length > 1 ? rest.slice(1) : ['bash', '-l']));
else if (command === 'pull') await pull(rest[0] ?? 'a');
else if (command === 'run') {
  const { command: program, env } = commandLine(deployment, rest);
  await become(program, env);
} else {
  say('lab up | run ARGUMENTS… | shell bastion|a|c [COMMAND…] | pull a|c | down');
  process.exitCode = 2;
}
