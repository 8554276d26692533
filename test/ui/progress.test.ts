import { afterEach, describe, expect, test, vi } from 'vitest';
import { progressList } from '../../src/ui/progress.ts';
import { expected, RunScript, titles } from './run-script.ts';
import { ScreenModel } from './terminal.ts';

/** A run that has begun on a screen of this size. */
function begun(columns: number, rows: number) {
  const screen = new ScreenModel(columns, rows);
  const list = progressList(titles, expected, screen.stream);
  return { screen, list, run: new RunScript(list) };
}

afterEach(() => {
  vi.useRealTimers();
});

/** Long enough for the next frame. */
const frame = () => new Promise((next) => setTimeout(next, 300));

/** VPC is there, and the rest of it waits. */
function underWay(run: RunScript) {
  run.start(0, 'vpc').done(4, 'vpc').stepDone(4, 1);
  for (const key of ['natGateway', 'loadBalancer', 'dbCluster', 'mountTargetA', 'mountTargetC']) run.start(4, key);
  run.waits(34, 'natGateway', 'NAT gateway available', 30);
  run.waits(34, 'dbCluster', 'Aurora cluster available', 30);
  run.waits(64, 'mountTargetA', 'mount target available', 60);
  return run;
}

describe('the list of steps', () => {
  test('a running step has its waits beneath it, with the time they took and usually take', async () => {
    const { screen, list, run } = begun(80, 24);
    underWay(run);
    await frame();
    expect(await screen.lines()).toEqual([
      '✔  1  VPC                 4 s',
      '◼  2  Subnets',
      '◼  3  Internet gateway',
      '◼  4  Route tables',
      '◼  5  Elastic IP',
      '*  6  NAT gateway         1 m 00 s',
      '      › NAT gateway available, 1 m 00 s of about 1 m 48 s',
      '◼  7  Security groups',
      '◼  8  Key pair',
      '◼  9  Bastion',
      '◼ 10  Node a',
      '* 11  Load balancer       1 m 00 s',
      '      › load balancer, 1 m 00 s of about 2 m 30 s',
      '* 12  Database            1 m 00 s',
      '      › DB cluster: Aurora cluster available, 1 m 00 s of about 1 m 20 s',
      '◼ 13  Cache',
      '◼ 14  Storage and role',
      '* 15  File system         1 m 00 s',
      '      › mount target a: mount target available, 1 m 00 s of about 1 m 32 s',
      '      › mount target c, 1 m 00 s of about 1 m 32 s',
      '◼ 16  Servers',
      '*     1 m 04 s so far, about 7 m 00 s left',
    ]);
    expect(screen.scrolledOff).toBe(0);
    await list.close();
  });

  test('in real time every figure goes on between two events, and ends with the run', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 5, 1) });
    const screen = new ScreenModel(80, 24);
    const list = progressList(titles, expected, screen.stream);
    const run = underWay(new RunScript(list, { begun: Date.now() - 64_000 }));
    vi.setSystemTime(Date.now() + 20_000);
    await frame();
    expect((await screen.lines()).slice(5, 7)).toEqual([
      '*  6  NAT gateway         1 m 20 s',
      '      › NAT gateway available, 1 m 20 s of about 1 m 48 s',
    ]);
    expect((await screen.lines()).at(-1)).toBe('*     1 m 24 s so far, about 6 m 40 s left');
    run.done(90, 'natGateway').stepDone(90, 6).ends(90, false);
    vi.setSystemTime(Date.now() + 600_000);
    await list.close();
    expect((await screen.lines())[5]).toBe('✔  6  NAT gateway         1 m 26 s');
  });

  test('a small terminal shows the longest waits that fit, and never more rows than it has', async () => {
    const { screen, list, run } = begun(60, 20);
    underWay(run);
    await frame();
    const lines = await screen.lines();
    expect(lines).toHaveLength(19);
    expect(lines.filter((line) => line.includes('›'))).toEqual([
      '      › NAT gateway available, 1 m 00 s of about 1 m 48 s',
      '      › load balancer, 1 m 00 s of about 2 m 30 s',
    ]);
    expect(lines).toContain('* 15  File system         1 m 00 s');
    expect(lines.at(-1)).toBe('*     1 m 04 s so far, about 7 m 00 s left');
    expect(screen.scrolledOff).toBe(0);
    await list.close();
  });

  test('a terminal with fewer rows than steps shows what is under way, and the whole list at the end', async () => {
    const { screen, list, run } = begun(80, 10);
    underWay(run);
    await frame();
    expect(screen.scrolledOff).toBe(0);
    const lines = await screen.lines();
    expect(lines.length).toBeLessThan(10);
    for (const step of ['NAT gateway', 'Load balancer', 'Database', 'File system'])
      expect(lines.join('\n')).toMatch(new RegExp(`\\* +\\d+ +${step}`));
    await list.close();
    expect(await screen.lines()).toHaveLength(16);
  });

  test('what does not fit into the width is cut and not wrapped', async () => {
    const { screen, list, run } = begun(40, 30);
    underWay(run);
    await frame();
    const lines = await screen.lines();
    expect(lines).toHaveLength(22);
    expect(lines).toContain('      › DB cluster, 1 m 00 s of about…');
    await list.close();
  });

  test('a window that is made narrow or wide under way leaves each line there once', async () => {
    const { screen, list, run } = begun(100, 40);
    underWay(run);
    await frame();
    for (const columns of [50, 120]) {
      screen.resize(columns, 40);
      run.waits(70, 'mountTargetA', `mount target available at ${columns}`, 66);
      await frame();
      const lines = await screen.lines();
      for (const title of titles.values()) expect(lines.filter((line) => line.includes(`  ${title}`))).toHaveLength(1);
    }
    await list.close();
  });

  test('a failure makes its line red and names resource and code; the other steps go on', async () => {
    const { screen, list, run } = begun(80, 24);
    underWay(run);
    run.fails(65, 'natGateway', 'NatGatewayLimitExceeded');
    await frame();
    const at = (await screen.lines()).indexOf('✖  6  NAT gateway         NAT gateway: NatGatewayLimitExceeded');
    expect(at).toBe(5);
    run.done(154, 'loadBalancer').stepDone(154, 11);
    await frame();
    expect(await screen.lines()).toContain('✔ 11  Load balancer       2 m 30 s');
    await list.close();
    expect(await screen.lines()).toContain('✖  6  NAT gateway         NAT gateway: NatGatewayLimitExceeded');
  });

  test('the time that is left is of what can still be done after a failure', async () => {
    const { screen, list, run } = begun(80, 24);
    underWay(run);
    run.fails(65, 'dbCluster', 'InvalidSubnet');
    await frame();
    expect((await screen.lines()).at(-1)).toBe('*     1 m 05 s so far, about 1 m 29 s left');
    await list.close();
  });

  test('a step that goes on after a failure shows both, and ends with every failure of it', async () => {
    const { screen, list, run } = begun(80, 24);
    run.start(0, 'mountTargetA').start(0, 'mountTargetC').fails(5, 'mountTargetA', 'IpAddressInUse');
    await frame();
    const lines = await screen.lines();
    expect(lines).toContain('* 15  File system         mount target a: IpAddressInUse');
    expect(lines).toContain('      › mount target c, 5 s of about 1 m 32 s');
    run.fails(9, 'mountTargetC', 'SubnetNotFound');
    await list.close();
    const end = await screen.lines();
    expect(end).toContain('✖ 15  File system         mount target a: IpAddressInUse');
    expect(end).toContain('                          mount target c: SubnetNotFound');
  });

  test('a stop says so in the list, and the end tells what was not finished and what not begun', async () => {
    const { screen, list, run } = begun(80, 24);
    underWay(run);
    list.say('Stopping: calls on their way are finished.');
    await frame();
    expect((await screen.lines()).at(-1)).toBe('◼ Stopping: calls on their way are finished.');
    await list.close();
    const end = await screen.lines();
    expect(end).toHaveLength(16);
    expect(end[0]).toBe('✔  1  VPC                 4 s');
    expect(end[1]).toBe('↓  2  Subnets             not begun');
    expect(end[5]).toBe('↓  6  NAT gateway         not finished');
    expect(screen.cursorShown).toBe(true);
  });

  test('what was there already is kept', async () => {
    const { screen, list, run } = begun(80, 24);
    run.done(0, 'vpc', 'kept').stepDone(0, 1).ends(0, true);
    await list.close();
    expect((await screen.lines())[0]).toBe('✔  1  VPC                 kept');
  });

  test('a run that is over before the first frame is shown as it ended', async () => {
    const { screen, list, run } = begun(80, 24);
    for (const [key, { step }] of expected) run.start(0, key).done(90, key).stepDone(90, step);
    await list.close();
    const lines = await screen.lines();
    expect(lines).toHaveLength(16);
    expect(lines).toContain('✔ 11  Load balancer       1 m 30 s');
    expect(lines).toContain('↓ 16  Servers             not begun');
  });

  test('what is printed meanwhile comes after the list', async () => {
    const { screen, list, run } = begun(80, 24);
    underWay(run);
    await frame();
    screen.stream.write('a note from elsewhere\n');
    await frame();
    expect((await screen.lines()).join('\n')).not.toContain('elsewhere');
    await list.close();
    const lines = await screen.lines();
    expect(lines).toHaveLength(17);
    expect(lines.at(-1)).toBe('a note from elsewhere');
  });

  test('a process that ends in the middle gives the terminal back: the list as it is, the word, the cursor', async () => {
    const { screen, list, run } = begun(80, 24);
    underWay(run);
    await frame();
    expect(screen.cursorShown).toBe(false);
    list.say('Stopped at once.');
    list.abandon();
    const lines = await screen.lines();
    expect(lines.at(-1)).toBe('◼ Stopped at once.');
    expect(lines.filter((line) => line.includes('NAT gateway  '))).toHaveLength(1);
    expect(screen.cursorShown).toBe(true);
  });
});
