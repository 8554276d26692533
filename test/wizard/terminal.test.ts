import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { render } from '@inquirer/testing';
import { describe, expect, test } from 'vitest';
import { init } from '../../src/commands/init.ts';
import { loadConfig, resolveConfig } from '../../src/config.ts';
import { back, type Question } from '../../src/wizard/ask.ts';
import { terminalAsk } from '../../src/wizard/terminal.ts';
import { askSettings } from '../../src/wizard.ts';
import { fakeIo } from './helpers.ts';

const enter = '\r';
const down = '\u001b[B';
const esc = '\u001b';
const ctrlC = '\u0003';

/** A terminal whose keys are pressed when the screen shows something. */
function terminal() {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { columns: 400 });
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

describe('the wizard on a terminal', () => {
  test('goes from the first question to the last by Enter alone', async () => {
    const { ask, press } = terminal();
    const defaults = resolveConfig({}).config;
    const settings = askSettings({ defaults, choices: {}, ask: await ask });
    await press('Size', down + enter);
    for (const message of [
      'Name of',
      'Region',
      'Letters of',
      'Network',
      'Who may',
      'Release of',
      'User name',
      'DAGs come',
    ]) {
      await press(message, enter);
    }
    await press('HTTPS', down + down + enter);
    await press('Ready', enter);
    expect(await settings).toEqual(resolveConfig({ preset: 'dev', flags: { tlsMode: 'off' } }).config);
  });

  test('stopped with Ctrl-C builds and writes no settings, and the next init goes on with the answers', async () => {
    const { ask, press } = terminal();
    const { io, note } = fakeIo();
    const run = init(io, {}, { ask: await ask, choices: {} });
    const ended = expect(run).rejects.toMatchObject({
      code: 'interrupted',
      exitCode: 130,
      fix: expect.stringContaining('offers the answers so far again'),
    });
    await press('Size', down + enter);
    await press('Name of', `data${enter}`);
    await press('Region', ctrlC);
    await ended;
    expect(existsSync(join(io.directory, 'airflow-aws.yaml'))).toBe(false);
    const kept = join(io.directory, '.airflow-aws', 'init-answers.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(io.directory, '.airflow-aws', '.gitignore'), 'utf8')).toBe('*\n');

    const again = init(io, {}, { ask: await ask, choices: {} });
    await press('answers of an earlier init', enter);
    await press('Region', enter);
    for (const message of [
      'Letters of',
      'Network',
      'Who may',
      'Release of',
      'User name',
      'DAGs come',
      'HTTPS',
      'Ready',
    ]) {
      await press(message, enter);
    }
    expect(await again).toBe(0);
    const { config } = loadConfig(io.directory);
    expect(config).toEqual(resolveConfig({ preset: 'dev', flags: { name: 'data' } }).config);
    expect(readdirSync(join(io.directory, '.airflow-aws'))).not.toContain('init-answers.json');
    expect(note.join('\n')).toMatch(/┌─ data in us-west-2.*About \$192 a month/s);
  });

  test('starts over where somebody does not want the answers that were kept', async () => {
    const { ask, press } = terminal();
    const { io } = fakeIo();
    const stopped = expect(init(io, {}, { ask: await ask, choices: {} })).rejects.toThrow();
    await press('Size', down + enter);
    await press('Name of', ctrlC);
    await stopped;
    const again = expect(init(io, {}, { ask: await ask, choices: {} })).rejects.toThrow();
    await press('answers of an earlier init', `n${enter}`);
    await press('Size', ctrlC);
    await again;
    expect(existsSync(join(io.directory, '.airflow-aws', 'init-answers.json'))).toBe(false);
  });
});

describe('a question on a terminal', () => {
  /** `terminalAsk` as one of inquirer's prompts. */
  const prompt = async (question: Question, context: { input?: unknown; output?: unknown } = {}) =>
    (await terminalAsk(context as Parameters<typeof terminalAsk>[0]))(question);
  const why = 'It decides everything. The tutorial took a.';
  const choices = [
    { name: 'a', value: 'a', description: 'Lacks b.' },
    { name: 'b', value: 'b', disabled: '(it lacks a)' },
    { name: 'c', value: 'c' },
  ];
  const select: Question = { type: 'select', message: 'Which', default: 'a', choices, why, canGoBack: true };
  const text: Question = { type: 'input', message: 'Name', default: 'pms', why, canGoBack: true };

  test('shows what the choice that is pointed at lacks, and does not take what cannot be chosen', async () => {
    const { answer, events, getFullOutput } = await render(prompt, select);
    await expect.poll(() => getFullOutput(), { interval: 20 }).toContain('Lacks b.');
    expect(await getFullOutput()).toContain('(it lacks a)');
    events.keypress('down');
    await expect.poll(() => getFullOutput(), { interval: 20 }).toMatch(/❯ b \(it lacks a\)$/m);
    events.keypress('enter');
    events.keypress('down');
    await expect.poll(() => getFullOutput(), { interval: 20 }).toMatch(/❯ c$/m);
    events.keypress('enter');
    expect(await answer).toBe('c');
  });

  test.each([
    ['a choice', select],
    ['yes or no', { ...text, type: 'confirm', default: true } as Question],
  ])('explains itself for ?, and is asked again: %s', async (_, question) => {
    const { answer, events, getFullOutput } = await render(prompt, question);
    events.keypress({ name: '?', sequence: '?' } as never);
    await expect.poll(() => getFullOutput(), { interval: 5 }).toContain(why);
    await expect.poll(async () => (await getFullOutput()).split(question.message).length, { interval: 5 }).toBe(3);
    events.keypress('enter');
    expect(await answer).toBe(question.default);
  });

  test('explains itself for ?, and is asked again: text', async () => {
    const { answer, events, getFullOutput } = await render(prompt, {
      ...text,
      validate: (typed: string) => typed !== '?' || 'not a name',
    });
    events.type('?');
    events.keypress('enter');
    await expect.poll(() => getFullOutput(), { interval: 5 }).toContain(why);
    await expect.poll(async () => (await getFullOutput()).split('Name').length, { interval: 5 }).toBe(3);
    events.type('data');
    events.keypress('enter');
    expect(await answer).toBe('data');
  });

  test.each([
    ['a choice', select],
    ['text', text],
  ])('is answered with “back” by Esc: %s', async (_, question) => {
    const { answer, events } = await render(prompt, question);
    events.keypress('escape');
    expect(await answer).toBe(back);
  });

  test('takes Esc for no answer where nothing is before it', async () => {
    const { answer, events } = await render(prompt, { ...select, canGoBack: false });
    events.keypress('escape');
    events.keypress('enter');
    expect(await answer).toBe('a');
  });

  test('knows Esc as a terminal sends it', async () => {
    const { ask, press } = terminal();
    const answer = (await ask)(select);
    await press('Which', esc);
    expect(await answer).toBe(back);
  });

  test('is refused on the screen until it is right, and what is typed replaces the proposal', async () => {
    const { ask, press } = terminal();
    const answer = (await ask)({
      type: 'input',
      message: 'Name',
      default: 'pms',
      validate: (typed) => typed !== 'PMS' || 'no capitals',
    });
    await press('Name', `PMS${enter}`);
    await press('no capitals', `\u007f\u007f\u007fdata${enter}`);
    expect(await answer).toBe('data');
  });
});
