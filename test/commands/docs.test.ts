import { describe, expect, test } from 'vitest';
import { docs, topics } from '../../src/commands/docs.ts';
import { logUnits } from '../../src/commands/logs.ts';
import { serverNames } from '../../src/commands/servers.ts';
import { settings, updatePolicies } from '../../src/config.ts';
import { exitCodes } from '../../src/errors.ts';
import { cli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

function page(topic: (typeof topics)[number] | undefined, columns = 80): string {
  const io = ioIn(temporaryFolder(), { columns });
  expect(docs(io, topic)).toBe(0);
  return io.lines.join('\n');
}

describe('docs', () => {
  test('without a topic lists all of them', () => {
    for (const topic of topics) expect(page(undefined)).toMatch(new RegExp(`^${topic} +\\w`, 'm'));
  });

  test('settings has every setting with its flag and its variable', () => {
    for (const { path, flag, env } of settings) {
      expect(page('settings')).toContain(`\n${path}\n`);
      expect(page('settings')).toContain(`${flag}  ${env}`);
    }
  });

  test('settings says what changing each one later does, and what that means', () => {
    const text = page('settings', 100);
    for (const { path, update } of settings)
      expect(text.split(`\n\n${path}\n`)[1]?.split('\n\n')[0]).toContain(`Changed later: ${update}.`);
    for (const policy of Object.keys(updatePolicies)) expect(text).toMatch(new RegExp(`^  ${policy} +[a-z"]`, 'm'));
  });

  test('exit-codes has every exit code', () => {
    for (const code of Object.values(exitCodes))
      expect(page('exit-codes')).toMatch(new RegExp(`^ *${code}  [A-Z]`, 'm'));
  });

  test.each(topics)('the page %s fits in 80 columns, what is to be typed aside', (topic) => {
    for (const line of page(topic).split('\n')) if (!line.startsWith('  ')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('the command line offers the topics, components and servers that there are', async () => {
    const folder = temporaryFolder();
    expect((await cli(folder, ['docs', '--help'])).stdout.replaceAll(/\s+/g, ' ')).toContain(
      topics.map((topic) => `"${topic}"`).join(', '),
    );
    const logs = (await cli(folder, ['logs', '--help'])).stdout.replaceAll(/\s+/g, ' ');
    for (const list of [Object.keys(logUnits), serverNames])
      expect(logs).toContain(list.map((one) => `"${one}"`).join(', '));
  });
});
