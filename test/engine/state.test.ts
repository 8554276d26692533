import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { deploymentFolder, nowhere, State } from '../../src/state.ts';
import { previousOf, stateFile } from '../../src/state-file.ts';
import { folder, stack } from './toys.ts';

let file: string;
const since = '2026-11-23T09:00:00.000Z';

beforeEach(() => {
  file = join(folder(), '.airflow-aws', 'state.json');
});

const onDisk = () => JSON.parse(readFileSync(file, 'utf8'));
const inPrevious = () => JSON.parse(readFileSync(previousOf(file), 'utf8'));
const read = async () => (await State.read(stateFile(file)))!;
const create = async () => {
  const state = State.of(stateFile(file), stack);
  await state.save();
  return state;
};

async function thrown(work: () => unknown) {
  try {
    await work();
  } catch (error) {
    return error as { code: string; exitCode: number; what: string; why: string; fix: string };
  }
  throw new Error('nothing was thrown');
}

describe('a write of the state', () => {
  it('is on the disk when it returns, and the copy before it stays beside it', async () => {
    const state = await create();
    await state.creating('vpc', { step: 1, generation: 1, since });
    expect(onDisk().resources.vpc).toEqual({ step: 1, status: 'creating', generation: 1, since });
    expect(inPrevious().resources).toEqual({});
    await state.created('vpc', { vpcId: 'vpc-1' }, since);
    expect(onDisk().resources.vpc.identity).toEqual({ vpcId: 'vpc-1' });
    expect(inPrevious().resources.vpc.status).toBe('creating');
  });

  it('is for its owner’s eyes only', async () => {
    await (await create()).creating('vpc', { step: 1, generation: 1, since });
    for (const one of [file, previousOf(file)]) expect(statSync(one).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  });

  it('leaves no other file behind', async () => {
    const state = await create();
    await state.creating('vpc', { step: 1, generation: 1, since });
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['state.json', 'state.json.previous']);
  });

  it('is not troubled by what a killed write left', async () => {
    await (await create()).creating('vpc', { step: 1, generation: 1, since });
    writeFileSync(`${file}.writing`, '{"version": 1, "sta');
    writeFileSync(`${previousOf(file)}.writing`, 'rubbish');
    const state = await read();
    expect(state.row('vpc')!.status).toBe('creating');
    await state.created('vpc', { vpcId: 'vpc-1' }, since);
    expect((await read()).row('vpc')!.identity).toEqual({ vpcId: 'vpc-1' });
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['state.json', 'state.json.previous']);
  });

  it('that fails is told with what to do, and what was recorded before stays true', async () => {
    const state = await create();
    // A folder in the new file's place stands for a disk that takes no more.
    mkdirSync(`${file}.writing`);
    const error = await thrown(() => state.creating('vpc', { step: 1, generation: 1, since }));
    expect(error).toMatchObject({ code: 'state-not-written', exitCode: 1, resumable: true });
    expect(error.fix).toContain('--resume');
    expect(onDisk().resources).toEqual({});
  });
});

describe('what the state remembers', () => {
  it('is read as it was written', async () => {
    const state = await create();
    await state.creating('vpc', { step: 1, generation: 1, since });
    await state.created('vpc', { vpcId: 'vpc-1' }, since);
    await state.complete('vpc', { dns: 'x' }, since);
    expect((await read()).rows).toEqual(state.rows);
    expect((await read()).stack).toEqual(stack);
  });

  it('has the generation of what is gone, so that the next one is new', async () => {
    const state = await create();
    expect(state.nextGeneration('vpc')).toBe(1);
    await state.creating('vpc', { step: 1, generation: 1, since });
    expect(state.nextGeneration('vpc')).toBe(2);
    await state.forget('vpc');
    expect((await read()).row('vpc')).toBeUndefined();
    expect((await read()).nextGeneration('vpc')).toBe(2);
  });

  it('loses the old identity when a new creation begins', async () => {
    const state = await create();
    await state.adopt('vpc', { step: 1, status: 'complete', generation: 1, identity: { vpcId: 'vpc-1' }, since });
    await state.creating('vpc', { step: 1, generation: 2, since });
    expect((await read()).row('vpc')).toEqual({ step: 1, status: 'creating', generation: 2, since });
  });

  it('was cut off while a run is open or a row is not complete', async () => {
    const state = await create();
    expect(state.cutOff).toBe(false);
    await state.startRun('up', since);
    expect((await read()).cutOff).toBe(true);
    expect((await read()).run).toEqual({ command: 'up', since });
    await state.endRun();
    expect((await read()).cutOff).toBe(false);
    await state.adopt('vpc', { step: 1, status: 'complete', generation: 1, identity: { vpcId: 'vpc-1' }, since });
    expect((await read()).cutOff).toBe(false);
    await state.destroying('vpc', since);
    expect((await read()).cutOff).toBe(true);
  });

  it('cannot have an identity for what was never begun', async () => {
    const state = await create();
    expect(() => state.created('vpc', { vpcId: 'vpc-1' }, since)).toThrow('no row vpc');
  });

  it('goes with both copies when it is removed', async () => {
    const state = await create();
    await state.startRun('up', since);
    await state.remove();
    expect([existsSync(file), existsSync(previousOf(file))]).toEqual([false, false]);
    expect(await State.read(stateFile(file))).toBeUndefined();
  });

  it('can be put in the place of another, whose copy stays as the previous one', async () => {
    await (await create()).startRun('up', since);
    const rebuilt = State.of(nowhere, { ...stack, id: 'stack2' });
    await rebuilt.adopt('vpc', { step: 1, status: 'complete', generation: 1, identity: { vpcId: 'vpc-1' }, since });
    expect(onDisk().stack.id).toBe('stack1');
    await rebuilt.at(stateFile(file)).save();
    expect(onDisk()).toMatchObject({ stack: { id: 'stack2' }, resources: { vpc: { status: 'complete' } } });
    expect(inPrevious().stack.id).toBe('stack1');
  });

  it('is not on the disk before its first record', async () => {
    const state = State.of(stateFile(file), stack);
    expect(existsSync(file)).toBe(false);
    await state.startRun('up', since);
    expect(onDisk().run.command).toBe('up');
  });
});

describe('records that are made at the same time', () => {
  /** A store whose writes take until they are let go, or fail. */
  const slow = () => {
    const texts: string[] = [];
    const going: { done: () => void; fail: (error: unknown) => void }[] = [];
    const write = (text: string) => {
      texts.push(text);
      return new Promise<void>((done, fail) => going.push({ done, fail }));
    };
    return { store: { ...nowhere, write }, texts, going };
  };
  const row = { step: 1, generation: 1, since };
  const turn = () => new Promise((wake) => setImmediate(wake));

  it('go out together in the write after the one that is on its way, and are done only with that', async () => {
    const { store, texts, going } = slow();
    const state = State.of(store, stack);
    const done: string[] = [];
    for (const key of ['vpc', 'keyPair', 'elasticIp']) state.creating(key, row).then(() => done.push(key));
    await turn();
    expect(texts.map((text) => Object.keys(JSON.parse(text).resources))).toEqual([['vpc']]);
    going[0]!.done();
    await turn();
    expect(done).toEqual(['vpc']);
    expect(Object.keys(JSON.parse(texts[1]!).resources)).toEqual(['vpc', 'keyPair', 'elasticIp']);
    going[1]!.done();
    await turn();
    expect(done).toEqual(['vpc', 'keyPair', 'elasticIp']);
    expect(texts).toHaveLength(2);
  });

  it('are never two writes at once', async () => {
    let under = 0;
    let most = 0;
    let writes = 0;
    const write = async () => {
      writes++;
      most = Math.max(most, ++under);
      // Ends now at once, now within the turn, now after it.
      if (writes % 3 > 0) await (writes % 3 === 1 ? Promise.resolve() : turn());
      under--;
    };
    const state = State.of({ ...nowhere, write }, stack);
    const someone = async (patience: number) => {
      for (let round = 0; round < 50; round++) {
        await state.creating('vpc', row);
        for (let rest = 0; rest < patience; rest++) await Promise.resolve();
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6].map(someone));
    expect(most).toBe(1);
    expect(writes).toBeGreaterThan(50);
  });

  it('fail with the write that has them, and say so until one succeeds', async () => {
    const { store, going } = slow();
    const state = State.of(store, stack);
    const first = state.creating('vpc', row);
    const second = state.creating('keyPair', row);
    const refused = expect(first).rejects.toThrow('disk full');
    going[0]!.fail(new Error('disk full'));
    await refused;
    expect(state.trouble).toMatchObject({ message: 'disk full' });
    await turn();
    going[1]!.done();
    await second;
    expect(state.trouble).toBeUndefined();
  });
});

describe('a state file that cannot be trusted', () => {
  const good = async () => {
    await (await create()).adopt('vpc', {
      step: 1,
      status: 'complete',
      generation: 1,
      identity: { vpcId: 'vpc-1' },
      since,
    });
    return readFileSync(file, 'utf8');
  };
  const edited = async (change: (data: ReturnType<typeof onDisk>) => void) => {
    const data = JSON.parse(await good());
    change(data);
    writeFileSync(file, JSON.stringify(data));
  };

  it('offers the previous copy when it was cut off, and changes nothing by itself', async () => {
    const text = (await good()).slice(0, -20);
    writeFileSync(file, text);
    const error = await thrown(() => State.read(stateFile(file)));
    expect(error).toMatchObject({ code: 'state-damaged', exitCode: 2 });
    expect(error.fix).toContain(`mv ${JSON.stringify(previousOf(file))} ${JSON.stringify(file)}`);
    expect(error.fix).toContain('state rebuild');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('offers to make it again from the account where there is no previous copy', async () => {
    mkdirSync(join(file, '..'));
    writeFileSync(file, '');
    const error = await thrown(() => State.read(stateFile(file)));
    expect(error.code).toBe('state-damaged');
    expect(error.fix).not.toContain('mv ');
    expect(error.fix).toContain('state rebuild');
  });

  it('is refused when it is newer, naming both versions', async () => {
    await edited((data) => {
      data.version = 2;
    });
    const error = await thrown(() => State.read(stateFile(file)));
    expect(error).toMatchObject({ code: 'state-newer', exitCode: 2 });
    expect(error.what).toMatch(/version 2.*version 1/);
  });

  it.each<[string, (data: ReturnType<typeof onDisk>) => void]>([
    ['no version', (data) => delete data.version],
    ['no stack', (data) => delete data.stack],
    ['a stack without region', (data) => delete data.stack.region],
    ['no resources', (data) => delete data.resources],
    ['resources as a list', (data) => Object.assign(data, { resources: [] })],
    ['a row that is no row', (data) => Object.assign(data.resources, { vpc: null })],
    ['a row of an unknown status', (data) => Object.assign(data.resources.vpc, { status: 'done' })],
    ['a complete row without identity', (data) => delete data.resources.vpc.identity],
    ['a row without generation', (data) => delete data.resources.vpc.generation],
    ['a row without a time', (data) => Object.assign(data.resources.vpc, { since: 'yesterday' })],
  ])('is refused with %s', async (_, change) => {
    await edited(change);
    expect(await thrown(() => State.read(stateFile(file)))).toMatchObject({ code: 'state-damaged', exitCode: 2 });
  });

  it.each(['null', '[]', '"text"', '7'])('is refused as %s', async (text) => {
    await good();
    writeFileSync(file, text);
    expect((await thrown(() => State.read(stateFile(file)))).code).toBe('state-damaged');
  });
});

describe('where the state is', () => {
  it('keeps rehearsals apart from the real one', async () => {
    expect(deploymentFolder('d', 'aws')).toBe(join('d', '.airflow-aws'));
    expect(deploymentFolder('d', 'emulator')).toBe(join('d', '.airflow-aws'));
    expect(deploymentFolder('d', 'simulated')).toBe(join('d', '.airflow-aws', 'simulated'));
  });
});
