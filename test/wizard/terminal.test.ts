import { readdirSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { init } from '../../src/commands/init.ts';
import { resolveConfig } from '../../src/config.ts';
import { askSettings, terminalAsk } from '../../src/wizard.ts';
import { fakeIo } from './helpers.ts';

const enter = '\r';
const down = '\u001b[B';
const ctrlC = '\u0003';

/** A terminal whose keys are pressed when the screen shows something. */
function terminal() {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { columns: 400 });
  // Each prompt ends its stream, which the streams of a real terminal outlive.
  output.end = () => output;
  let screen = '';
  output.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
  });
  return {
    ask: terminalAsk({ input, output }),
    /** Waits for the text, forgets what the screen showed up to here, and presses the keys. */
    async press(shown: string, keys: string) {
      await expect.poll(() => screen, { interval: 5, timeout: 10_000 }).toContain(shown);
      screen = '';
      input.write(keys);
    },
  };
}

describe('on a terminal', () => {
  test('the wizard goes from the first question to the last by Enter alone', async () => {
    const { ask, press } = terminal();
    const defaults = resolveConfig({}).config;
    const settings = askSettings({ defaults, choices: {}, ask: await ask });
    await press('Start from', down + enter);
    for (const path of ['name', 'region', 'nodes.instanceType', 'bastion.instanceType', 'zones', 'access.myIp']) {
      await press(`[${path}]`, enter);
    }
    await press('[database.instanceClass]', enter);
    await press('[cache.engine]', down + enter);
    await press('[cache.nodeType]', enter);
    for (const path of ['version', 'admin.username', 'admin.email', 'user.username', 'user.email']) {
      await press(`[airflow.${path}]`, enter);
    }
    await press('Change the network?', `y${enter}`);
    for (const path of ['vpcCidr', 'publicSubnetCidr', 'privateSubnetCidrs']) await press(`[network.${path}]`, enter);
    await press('Go through the other', enter);
    expect(await settings).toEqual(resolveConfig({ preset: 'dev', flags: { cacheEngine: 'redis' } }).config);
  });

  test('what is typed replaces the proposal, and a refusal stays on the screen until it is corrected', async () => {
    const { ask, press } = terminal();
    const answer = (await ask)({
      type: 'input',
      message: 'Name',
      default: 'pms',
      validate: (text) => text !== 'PMS' || 'no capitals',
    });
    await press('Name', `PMS${enter}`);
    await press('no capitals', `\u007f\u007f\u007fdata${enter}`);
    expect(await answer).toBe('data');
  });

  test('Ctrl-C ends init with exit code 130 and writes nothing', async () => {
    const { ask, press } = terminal();
    const { io } = fakeIo();
    const run = init(io, {}, { ask: await ask, choices: {} });
    const ended = expect(run).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
    await press('Start from', enter);
    await press('[name]', ctrlC);
    await ended;
    expect(readdirSync(io.directory)).toEqual([]);
  });
});
