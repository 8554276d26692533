import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plainLines } from '../../src/ui/plain.ts';
import { RunScript } from './run-script.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function begun() {
  const lines: string[] = [];
  const screen = plainLines((line) => lines.push(line));
  return { lines, screen, run: new RunScript(screen) };
}

describe('plain lines', () => {
  test('a change is a line with its step and seconds; a step with changes says when it is done', () => {
    const { lines, run } = begun();
    run.start(0, 'vpc').done(4, 'vpc').stepDone(4, 1);
    expect(lines).toEqual(['[ 1] VPC created (1 s)', '[ 1] VPC: done']);
  });

  test('what is kept is not worth a line', () => {
    const { lines, run } = begun();
    run.done(0, 'vpc', 'kept').stepDone(0, 1);
    expect(lines).toEqual([]);
  });

  test('a failure is a line with code and message', () => {
    const { lines, run } = begun();
    run.start(0, 'natGateway').fails(9, 'natGateway', 'NatGatewayLimitExceeded');
    expect(lines).toEqual(['[ 6] NAT gateway FAILED: NatGatewayLimitExceeded: AWS says no.']);
  });

  test('half a minute of real time without a line brings a sign of life that names three waits', () => {
    const { lines, run } = begun();
    for (const key of ['natGateway', 'loadBalancer', 'dbCluster', 'mountTargetA', 'mountTargetC']) run.start(0, key);
    run.waits(20, 'natGateway', 'NAT gateway available', 20);
    vi.advanceTimersByTime(29_000);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(lines).toEqual([
      '     … still working: NAT gateway: NAT gateway available, 20 s of about 1 m 48 s; load balancer; DB cluster and 2 more',
    ]);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(3);
  });

  test('a line puts the sign of life off', () => {
    const { lines, run } = begun();
    run.start(0, 'vpc').start(0, 'natGateway');
    vi.advanceTimersByTime(20_000);
    run.done(4, 'vpc');
    vi.advanceTimersByTime(20_000);
    expect(lines).toEqual(['[ 1] VPC created (1 s)']);
  });

  test('nothing under way needs no sign of life, and after the end there is none', async () => {
    const { lines, screen, run } = begun();
    vi.advanceTimersByTime(60_000);
    run.start(0, 'vpc');
    await screen.close();
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([]);
  });

  test('a run that was stopped names what it did not finish', () => {
    const { lines, run } = begun();
    run.start(0, 'natGateway').start(0, 'dbCluster').ends(9, false);
    expect(lines).toEqual(['     not finished: NAT gateway, DB cluster']);
  });
});
