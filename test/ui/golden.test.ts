import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { Replay } from './replay.ts';
import { keys, TerminalRun } from './terminal-run.ts';

/** A terminal of long ago and one of today. */
const sizes = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 50 },
];

const nameOf = ({ columns, rows }: (typeof sizes)[number]) => `${columns}x${rows}`;

/** What is this machine's, or new each time, is no part of a screen. */
function settled(text: string): string {
  const masked = text
    .replace(/^(OK|warning|error) +(Node|ssh|disk) (.|\n {20})*\n/gm, '')
    .replace(/^(Password +)\w{20} /gm, '$1SECRETSECRETSECRET20 ')
    .replace(/All \d+ actions/g, 'All ACTIONS actions')
    .replace(/ \d+ to think about\.$/gm, '')
    .replace(/\(stack \w+\)/g, '(stack STACK)');
  return `${masked.trimEnd()}\n`;
}

async function isAsKept(text: string, name: string, { columns }: { columns: number }) {
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  await expect(settled(text)).toMatchFileSnapshot(`golden/${name}.txt`);
}

const built = temporaryFolder();
let up: Record<string, unknown>[] = [];
let refused: Record<string, unknown>[] = [];
let destroyed: Record<string, unknown>[] = [];

/** A copy, so that no screen depends on another's having been looked at before. */
function copyOf(folder: string): string {
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

beforeAll(async () => {
  up = (await simulatedUp(built)).events;
  refused = (await simulatedUp(temporaryFolder(), { fault: ['CreateNatGateway:NatGatewayLimitExceeded'] })).events;
  destroyed = (await simulatedDestroy(copyOf(built))).events;
});

const runs: TerminalRun[] = [];

afterEach(() => {
  for (const run of runs.splice(0)) run.end();
});

function onTerminal(words: string, cwd: string, size: (typeof sizes)[number]): TerminalRun {
  const run = new TerminalRun([...words.split(' '), '--simulate'], { ...size, cwd });
  runs.push(run);
  return run;
}

describe.each(sizes)('at $columns columns and $rows rows', (size) => {
  const shows = async (text: string, name: string) => isAsKept(text, `${name}-${nameOf(size)}`, size);

  test.each([
    ['begins', 20],
    ['is in the middle', 150],
    ['comes to its end', 600],
  ])('up shows what it waits for when it %s', async (moment, seconds) => {
    const replay = new Replay(up, size);
    const text = await replay.until(seconds);
    expect(replay.screen.scrolledOff).toBe(0);
    await shows(text, `up-${moment.replaceAll(' ', '-')}`);
    await replay.list.close();
  });

  test('up shows what failed while the rest goes on, and how everything ended', async () => {
    const replay = new Replay(refused, size);
    await shows(await replay.until(60), 'up-fails');
    expect(replay.screen.scrolledOff).toBe(0);
    await replay.until(Number.POSITIVE_INFINITY);
    await replay.list.close();
    await shows(await replay.text(), 'up-failed');
  });

  test('up shows that it stops, and what is there when it has', async () => {
    const replay = new Replay(up, size);
    await replay.until(150);
    replay.list.say(
      'Stopping: nothing new is started, calls on their way are finished. Ctrl-C once more stops at once.',
    );
    await shows(await replay.until(152), 'up-stops');
    expect(replay.screen.scrolledOff).toBe(0);
    await replay.list.close();
    await shows(await replay.text(), 'up-stopped');
  });

  test('destroy shows what it waits for', async () => {
    const replay = new Replay(destroyed, size);
    await shows(await replay.until(100), 'destroy-under-way');
    expect(replay.screen.scrolledOff).toBe(0);
    await replay.list.close();
  });

  test.each(['status', 'verify', 'doctor', 'cost', 'destroy --dry-run', 'up'])('%s on what is built', async (words) => {
    const run = onTerminal(words, copyOf(built), size);
    expect(await run.exitCode()).toBe(0);
    await shows(await run.text(), `${words.replaceAll(/\W+/g, '-')}-built`);
  });

  test('plan, doctor and cost before anything is built', async () => {
    for (const words of ['plan', 'doctor', 'cost']) {
      const run = onTerminal(words, temporaryFolder(), size);
      expect(await run.exitCode()).toBe(0);
      await shows(await run.text(), `${words}-at-first`);
    }
  });

  test('orphans of a state that was lost', async () => {
    const lost = copyOf(built);
    rmSync(join(simulatedFolder(lost), 'state.json'));
    const run = onTerminal('orphans', lost, size);
    expect(await run.exitCode()).toBe(0);
    await shows(await run.text(), 'orphans');
  });

  test('init from its first question to its last line', async () => {
    const run = onTerminal('init', temporaryFolder(), size);
    const questions = ['Size', 'Name of', 'Region', 'Availability', 'Network', 'Who may', 'Release', 'User name'];
    for (const question of [...questions, 'DAGs come', 'HTTPS', 'Ready']) await run.press(`? ${question}`, keys.enter);
    expect(await run.exitCode()).toBe(0);
    const text = await run.text();
    expect(text).toMatch(/^Next: airflow-aws plan --simulate$/m);
    await shows(text, 'init');
  });

  test('up from its plan to its last line', async () => {
    const run = onTerminal('up --yes', temporaryFolder(), size);
    expect(await run.exitCode()).toBe(0);
    await shows(await run.text(), 'up-whole');
  });

  test('destroy from its questions to its last line', async () => {
    const run = onTerminal('destroy', copyOf(built), size);
    await run.press('Data in bucket, file system, database:', keys.down + keys.enter);
    await run.press('Type the name of the deployment (pms)', `pms${keys.enter}`);
    expect(await run.exitCode()).toBe(0);
    await shows(await run.text(), 'destroy-whole');
  });
});
