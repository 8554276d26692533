import { describe, expect, test } from 'vitest';
import { cut, duration, hanging, listed, painter, spoken, usd } from '../../src/ui/format.ts';
import { remainingSeconds } from '../../src/ui/remaining.ts';
import { expected } from './run-script.ts';

describe('words and figures', () => {
  test.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 m 00 s'],
    [192, '3 m 12 s'],
    [3720, '1 h 02 m'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test('money has cents where they count', () => {
    expect([usd(0.3641), usd(9.5), usd(265.4)]).toEqual(['$0.36', '$9.50', '$265']);
  });

  test('a key is spoken in words, and what people write in capitals stays so', () => {
    expect(['dbSubnetGroup', 'vpc', 'natGateway', 'nodeA'].map(spoken)).toEqual([
      'DB subnet group',
      'VPC',
      'NAT gateway',
      'node a',
    ]);
  });

  test('a text is broken between words and continues beneath its beginning', () => {
    expect(hanging('  Fix: ', 'Wait a minute, and then go on with it.', 32)).toBe(
      '  Fix: Wait a minute, and then\n       go on with it.',
    );
  });

  test('lines of a text stay lines, and a word that is too long stays whole', () => {
    expect(hanging('Why: ', `one\n${'x'.repeat(30)} two`, 25)).toBe(`Why: one\n     ${'x'.repeat(30)}\n     two`);
  });

  test('a list is broken between its items and never within', () => {
    expect(hanging('', listed(['publicSubnet', 'privateSubnetA', 'privateSubnetC']), 35)).toBe(
      'public subnet, private subnet a,\nprivate subnet c',
    );
  });

  test('what is cut says so and fits', () => {
    expect(cut('load balancer', 8)).toBe('load ba…');
    expect(cut('load balancer', 13)).toBe('load balancer');
  });

  test('paint is nothing where colours are not wanted', () => {
    expect(painter(false)('red', 'Error:')).toBe('Error:');
    expect(painter(true)('red', 'Error:')).toBe('\u001b[31mError:\u001b[39m');
  });
});

describe('a quoted command in a text', () => {
  const text = 'Go on with "airflow-aws up --resume", whatever comes.';

  test('is not broken where a line has room for it', () => {
    expect(hanging('', text, 30)).toBe('Go on with\n"airflow-aws up --resume",\nwhatever comes.');
  });

  test('is broken where none has', () => {
    expect(hanging('', text, 20)).toBe('Go on with\n"airflow-aws up\n--resume", whatever\ncomes.');
  });
});

describe('the time that is left', () => {
  test('is that of the longest chain of what is not done', () => {
    expect(remainingSeconds(expected, { done: new Set(), failed: new Set(), elapsed: () => 0 })).toBe(4 + 80 + 400);
    expect(
      remainingSeconds(expected, {
        done: new Set(['vpc', 'dbCluster', 'dbInstance']),
        failed: new Set(),
        elapsed: () => 0,
      }),
    ).toBe(150);
  });

  test('counts what has been worked on, and what takes longer than usual as about to end', () => {
    const elapsed = (key: string) => ({ dbCluster: 200, loadBalancer: 10 })[key] ?? 0;
    expect(remainingSeconds(expected, { done: new Set(['vpc']), failed: new Set(), elapsed })).toBe(400);
  });

  test('is nothing when all is done', () => {
    expect(remainingSeconds(expected, { done: new Set(expected.keys()), failed: new Set(), elapsed: () => 0 })).toBe(0);
  });
});
