import { GetBucketVersioningCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Deployment, newDeployment, type Run } from './cli.ts';
import { type Emulator, startEmulator } from './harness.ts';
import { countsSince, type Inventory, takeInventory } from './inventory.ts';
import { seededRandom } from './random.ts';

/** TEAM_SEEDS: how many; TEAM_FROM: the first. A failing one is repeated alone with both. */
const SEEDS = Number(process.env.TEAM_SEEDS ?? 4);
const FROM = Number(process.env.TEAM_FROM ?? 0);

const Bucket = 'our-states';
const STATE = ['--state', `s3://${Bucket}/pms`];
const WAIT = ['--lock-wait', '60s'];
const up = (until: number) => ['up', '--yes', '--resume', '--until', `${until}`, '--json', ...STATE, ...WAIT];
const DESTROY = ['destroy', '--yes', '--confirm', 'pms', '--delete-data', '--json', ...STATE, ...WAIT];

interface StateObject {
  stack: { id: string };
  resources: Record<string, { status: string; identity: object }>;
}

describe('two people on moto, with the state in S3', () => {
  let emulator: Emulator;
  let ann: Deployment;
  let ben: Deployment;
  let before: Inventory;
  let s3: S3Client;

  beforeAll(async () => {
    emulator = await startEmulator('moto');
    const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
    s3 = new S3Client({ endpoint: emulator.directUrl, region: 'us-west-2', forcePathStyle: true, credentials });
  });
  afterAll(() => emulator?.stop());
  beforeEach(async () => {
    await emulator.reset();
    before = await takeInventory(emulator.directUrl);
    [ann, ben] = [await newDeployment(emulator.proxy.url), await newDeployment(emulator.proxy.url)];
    return async () => {
      await ann.remove();
      await ben.remove();
    };
  });

  const ok = (run: Run) => expect(run.code, (run.stdout + run.stderr).slice(-3000)).toBe(0);
  const built = async () => {
    const counts = countsSince(before, await takeInventory(emulator.directUrl));
    // The bucket of the states is nobody's to destroy.
    return Object.fromEntries(Object.entries(counts).filter(([kind]) => !/bucket/i.test(kind)));
  };
  const names = async () =>
    ((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key).sort();
  const state = async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'pms/state.json' }));
    return JSON.parse(await Body!.transformToString()) as StateObject;
  };
  const pause = (seconds: number) => new Promise((wake) => setTimeout(wake, 1000 * seconds));

  it('what one builds the other sees, changes nothing of, and takes away; the bucket is made and stays', async () => {
    const refused = await ann.run(up(3));
    expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([2, 'state-bucket-missing']);
    expect(refused.stdout).toContain('--create-state-bucket');
    ok(await ann.run([...up(3), '--create-state-bucket']));
    const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
    expect(Status).toBe('Enabled');
    const counts = await built();
    const again = await ben.run(up(3));
    ok(again);
    expect(again.stdout).toContain('"created":0');
    expect(await built()).toEqual(counts);
    // Only the state: both locks were released.
    expect(await names()).toEqual(['pms/state.json']);
    ok(await ben.run(DESTROY));
    expect(await built()).toEqual({});
    expect(await names()).toEqual([]);
  });

  it('the state moves there and back, and each old place says where it went', async () => {
    ok(await ann.run(['up', '--yes', '--until', '3', '--json']));
    ok(await ann.run(['state', 'migrate', `s3://${Bucket}/pms`, '--create-state-bucket']));
    const stray = await ann.run(['up', '--yes', '--until', '3', '--json']);
    expect([stray.code, JSON.parse(stray.stdout).error.code]).toEqual([2, 'state-moved']);
    ok(await ben.run(up(3)));
    ok(await ben.run(['state', 'migrate', 'local', ...STATE]));
    expect(await names()).toEqual(['pms/state.json.moved']);
    const late = await ann.run(up(3));
    expect([late.code, JSON.parse(late.stdout).error.code]).toEqual([2, 'state-moved']);
    ok(await ben.run(['destroy', '--yes', '--confirm', 'pms', '--delete-data', '--json']));
    expect(await built()).toEqual({});
  });

  it.each(Array.from({ length: SEEDS }, (_, index) => FROM + index))(
    'both work at the same time and one may be killed: no update is lost, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const people = random() < 0.5 ? [ann, ben] : [ben, ann];
      const [one, other] = people as [Deployment, Deployment];
      ok(await one.run([...up(1), '--create-state-bucket']));
      const { stack } = await state();
      const [early, late, killed] = [2 * random(), 2 * random(), random() < 0.5 ? 1 + 3 * random() : undefined];
      const kill = killed === undefined ? undefined : pause(killed).then(() => other.kill());
      const runs = await Promise.all([
        pause(early).then(() => one.run(up(2), 120)),
        pause(late).then(() => other.run(up(4), 120)),
        kill,
      ]);
      ok(runs[0]);
      if (runs[1].code !== null) ok(runs[1]);
      ok(await one.run(up(4), 120));
      const { resources, stack: same } = await state();
      expect(same.id).toBe(stack.id);
      expect(Object.values(resources).filter(({ status }) => status !== 'complete')).toEqual([]);
      const counts = await built();
      const [again, gone] = [await other.run(up(4), 120), await one.run(DESTROY, 120)];
      ok(again);
      expect(again.stdout).toContain('"created":0');
      ok(gone);
      // Whatever was made twice would be known to no state, and be left.
      expect(await built(), JSON.stringify(counts)).toEqual({});
      expect(await names()).toEqual([]);
    },
    300_000,
  );
});
