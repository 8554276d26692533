import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Deployment, newDeployment, type Run } from './cli.ts';
import { attachEmulator, type Emulator, type EmulatorKind, startEmulator } from './harness.ts';
import { type Counts, countsSince, type Inventory, takeInventory } from './inventory.ts';
import { seededRandom } from './random.ts';
import { leftBehind } from './tolerated.ts';

const UP = ['up', '--yes', '--until', '15', '--json'];
const DESTROY = ['destroy', '--yes', '--confirm', 'pms', '--delete-data', '--json'];

/**
 * EMULATOR_URL: an emulator that runs already, and EMULATOR_RESET: the path of the POST that empties it, if it has one.
 * EMULATOR: some of those that are started here, `moto,ministack`.
 */
const RUNNING = process.env.EMULATOR_URL;
const KINDS = RUNNING ? ['other'] : (process.env.EMULATOR ?? 'moto,ministack').split(',');
/** Stands in the titles, so that a failing run can be repeated with EMULATOR_SEED. */
const SEED = Number(process.env.EMULATOR_SEED ?? Math.floor(Math.random() * 1e9));
const KILLED_UPS = 10;
const KILLED_DESTROYS = 3;
/** One carried-out change in this many loses its answer. */
const CUT_ONE_IN = 6;

describe.each(KINDS as EmulatorKind[])(`on %s (EMULATOR_SEED=${SEED})`, (kind) => {
  const random = seededRandom(SEED);
  const killPoints = Array.from({ length: KILLED_UPS + KILLED_DESTROYS }, () => random());
  let emulator: Emulator;
  let deployment: Deployment;
  let before: Inventory;
  /** Whether the last journey ended with an account as it found it. */
  let destroyed = false;
  /** What one uninterrupted run builds, and with how many changes; set by the first journey. */
  let uninterrupted: { counts: Counts; upChanges: number; destroyChanges: number } | undefined;

  beforeAll(async () => {
    emulator = RUNNING
      ? await attachEmulator(RUNNING, process.env.EMULATOR_RESET)
      : await startEmulator(kind as 'moto' | 'ministack');
  });
  afterAll(() => emulator?.stop());
  beforeEach(async () => {
    // Not after a destroy that left nothing: what AWS goes on listing (terminated instances, deleted NAT gateways)
    // must not mislead the next deployment of the same name.
    if (destroyed && !RUNNING) emulator.proxy.clear();
    else await emulator.reset();
    destroyed = false;
    before = await takeInventory(emulator.directUrl);
    deployment = await newDeployment(emulator.proxy.url);
    return async () => {
      // An account that cannot be reset must not keep what a failed journey left in it.
      if (!destroyed && RUNNING) await deployment.run(DESTROY).catch(() => undefined);
      await deployment.remove();
    };
  });

  /** How a run ended, and what the endpoint refused or failed on, for the message of a failing expectation. */
  const describeRun = (run: Run) => {
    const refused = emulator.proxy.calls.filter((call) => call.status >= 400 || call.status === 0);
    return [
      `exit ${run.code} after ${run.seconds.toFixed(1)} s`,
      ...refused.slice(-10).map((call) => `${call.operation}: HTTP ${call.status}`),
      (run.stdout + run.stderr).slice(-3000),
    ].join('\n');
  };
  const expectOk = (run: Run): Run => {
    expect(run.code, describeRun(run)).toBe(0);
    return run;
  };
  const built = async () => countsSince(before, await takeInventory(emulator.directUrl));
  const reference = (skip: (note: string) => never) =>
    uninterrupted ?? skip('There is no uninterrupted run to compare with: the first journey failed.');
  /** The 1-based change to be killed behind: a random fraction of all of them. */
  const pointOf = (fraction: number, changes: number) => 1 + Math.floor(fraction * changes);
  const expectDestroyed = async () => {
    expectOk(await deployment.run(DESTROY));
    expect(leftBehind(kind, await built()), 'left behind by destroy').toEqual({});
    destroyed = true;
  };

  it('plan changes nothing, up builds STEP 1–15, a second up changes nothing, destroy leaves nothing, also when repeated', async () => {
    const { proxy } = emulator;
    const plan = expectOk(await deployment.run(['plan', '--json']));
    expect(JSON.parse(plan.stdout).data.create.length).toBeGreaterThan(0);
    expect(proxy.changes, 'changing calls of plan').toEqual([]);

    proxy.clear();
    expectOk(await deployment.run(UP));
    const upChanges = proxy.carriedOut.length;
    const counts = await built();
    expect(counts).toMatchObject(STEPS_1_TO_15);

    proxy.clear();
    expectOk(await deployment.run(UP));
    expect(proxy.changes, 'changing calls of an up with nothing to do').toEqual([]);
    expect(await built()).toEqual(counts);

    proxy.clear();
    await expectDestroyed();
    uninterrupted = { counts, upChanges, destroyChanges: proxy.carriedOut.length };

    await expectDestroyed();
  });

  it.for(Array.from({ length: KILLED_UPS }, (_, i) => i))(
    'up killed at random point %i is resumed to the same account',
    async (i, { skip }) => {
      const { counts, upChanges } = reference(skip);
      const nth = pointOf(killPoints[i]!, upChanges);
      emulator.proxy.killAtChange(nth, () => deployment.kill());
      const killed = await deployment.run(UP);
      await emulator.proxy.idle();
      const behind = emulator.proxy.calls.find((call) => call.answer === 'killed');
      expect(behind, `the ${nth}th change was reached and killed behind (${describeRun(killed)})`).toBeDefined();

      expectOk(await deployment.run([...UP, '--resume']));
      expect(await built(), `killed behind change ${nth}, ${behind?.operation}`).toEqual(counts);
      await expectDestroyed();
    },
  );

  it.for(Array.from({ length: KILLED_DESTROYS }, (_, i) => i))(
    'destroy killed at random point %i is finished by another destroy',
    async (i, { skip }) => {
      const { destroyChanges } = reference(skip);
      expectOk(await deployment.run(UP));
      const nth = pointOf(killPoints[KILLED_UPS + i]!, destroyChanges);
      emulator.proxy.killAtChange(nth, () => deployment.kill());
      const killed = await deployment.run(DESTROY);
      await emulator.proxy.idle();
      const behind = emulator.proxy.calls.find((call) => call.answer === 'killed');
      expect(behind, `the ${nth}th change was reached and killed behind (${describeRun(killed)})`).toBeDefined();
      await expectDestroyed();
    },
  );

  it('up and destroy whose answers are lost now and then end like any other', async ({ skip }) => {
    const { counts } = reference(skip);
    const lose = seededRandom(SEED + 1);
    emulator.proxy.cutAnswer = () => lose() < 1 / CUT_ONE_IN;
    expectOk(await deployment.run(UP));
    const lost = emulator.proxy.calls.filter((call) => call.answer === 'cut').map((call) => call.operation);
    expect(lost.length, 'lost answers').toBeGreaterThan(0);
    expect(await built(), `without the answers to ${lost.join(', ')}`).toEqual(counts);
    await expectDestroyed();
  });
});

/** What the tutorial asks for, by type; the emulators add what AWS adds by itself (volumes, network interfaces). */
const STEPS_1_TO_15: Counts = {
  vpc: 1,
  subnet: 3,
  'internet gateway': 1,
  'internet gateway attached': 1,
  'route to the internet gateway': 1,
  'route to the NAT gateway': 1,
  'subnet associated with a route table': 3,
  address: 1,
  'NAT gateway': 1,
  'key pair': 1,
  instance: 2,
  'load balancer': 1,
  listener: 1,
  'target group': 1,
  target: 1,
  'DB subnet group': 1,
  'DB cluster': 1,
  'DB instance': 1,
  'cache subnet group': 1,
  'cache user group': 1,
  'replication group': 1,
  'user group on a replication group': 1,
  bucket: 1,
  role: 1,
  'instance profile': 1,
  'role in an instance profile': 1,
  'file system': 1,
  'mount target': 2,
};
