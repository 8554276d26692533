import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { deploymentFolder, previousOf, State } from '../../src/state.ts';
import { folder, stack } from './toys.ts';

let file: string;
const since = '2026-11-23T09:00:00.000Z';

beforeEach(() => {
  file = join(folder(), '.airflow-aws', 'state.json');
});

const onDisk = () => JSON.parse(readFileSync(file, 'utf8'));
const inPrevious = () => JSON.parse(readFileSync(previousOf(file), 'utf8'));
const read = () => State.read(file)!;

function thrown(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return error as { code: string; exitCode: number; what: string; why: string; fix: string };
  }
  throw new Error('nothing was thrown');
}

describe('a write of the state', () => {
  it('is on the disk when it returns, and the copy before it stays beside it', () => {
    const state = State.create(file, stack);
    state.creating('vpc', { step: 1, generation: 1, since });
    expect(onDisk().resources.vpc).toEqual({ step: 1, status: 'creating', generation: 1, since });
    expect(inPrevious().resources).toEqual({});
    state.created('vpc', { vpcId: 'vpc-1' }, since);
    expect(onDisk().resources.vpc.identity).toEqual({ vpcId: 'vpc-1' });
    expect(inPrevious().resources.vpc.status).toBe('creating');
  });

  it('is for its owner’s eyes only', () => {
    State.create(file, stack).creating('vpc', { step: 1, generation: 1, since });
    for (const one of [file, previousOf(file)]) expect(statSync(one).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  });

  it('leaves no other file behind', () => {
    const state = State.create(file, stack);
    state.creating('vpc', { step: 1, generation: 1, since });
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['state.json', 'state.json.previous']);
  });

  it('is not troubled by what a killed write left', () => {
    State.create(file, stack).creating('vpc', { step: 1, generation: 1, since });
    writeFileSync(`${file}.writing`, '{"version": 1, "sta');
    writeFileSync(`${previousOf(file)}.writing`, 'rubbish');
    const state = read();
    expect(state.row('vpc')!.status).toBe('creating');
    state.created('vpc', { vpcId: 'vpc-1' }, since);
    expect(read().row('vpc')!.identity).toEqual({ vpcId: 'vpc-1' });
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['state.json', 'state.json.previous']);
  });

  it('that fails is told with what to do, and what was recorded before stays true', () => {
    const state = State.create(file, stack);
    // A folder in the new file's place stands for a disk that takes no more.
    mkdirSync(`${file}.writing`);
    const error = thrown(() => state.creating('vpc', { step: 1, generation: 1, since }));
    expect(error).toMatchObject({ code: 'state-not-written', exitCode: 1, resumable: true });
    expect(error.fix).toContain('--resume');
    expect(onDisk().resources).toEqual({});
  });
});

describe('what the state remembers', () => {
  it('is read as it was written', () => {
    const state = State.create(file, stack);
    state.creating('vpc', { step: 1, generation: 1, since });
    state.created('vpc', { vpcId: 'vpc-1' }, since);
    state.complete('vpc', { dns: 'x' }, since);
    expect(read().rows).toEqual(state.rows);
    expect(read().stack).toEqual(stack);
  });

  it('has the generation of what is gone, so that the next one is new', () => {
    const state = State.create(file, stack);
    expect(state.nextGeneration('vpc')).toBe(1);
    state.creating('vpc', { step: 1, generation: 1, since });
    expect(state.nextGeneration('vpc')).toBe(2);
    state.forget('vpc');
    expect(read().row('vpc')).toBeUndefined();
    expect(read().nextGeneration('vpc')).toBe(2);
  });

  it('loses the old identity when a new creation begins', () => {
    const state = State.create(file, stack);
    state.adopt('vpc', { step: 1, status: 'complete', generation: 1, identity: { vpcId: 'vpc-1' }, since });
    state.creating('vpc', { step: 1, generation: 2, since });
    expect(read().row('vpc')).toEqual({ step: 1, status: 'creating', generation: 2, since });
  });

  it('was cut off while a run is open or a row is not complete', () => {
    const state = State.create(file, stack);
    expect(state.cutOff).toBe(false);
    state.startRun('up', since);
    expect(read().cutOff).toBe(true);
    expect(read().run).toEqual({ command: 'up', since });
    state.endRun();
    expect(read().cutOff).toBe(false);
    state.adopt('vpc', { step: 1, status: 'complete', generation: 1, identity: { vpcId: 'vpc-1' }, since });
    expect(read().cutOff).toBe(false);
    state.destroying('vpc', since);
    expect(read().cutOff).toBe(true);
  });

  it('cannot have an identity for what was never begun', () => {
    expect(() => State.create(file, stack).created('vpc', { vpcId: 'vpc-1' }, since)).toThrow('no row vpc');
  });

  it('goes with both copies when it is removed', () => {
    const state = State.create(file, stack);
    state.startRun('up', since);
    state.remove();
    expect([existsSync(file), existsSync(previousOf(file))]).toEqual([false, false]);
    expect(State.read(file)).toBeUndefined();
  });

  it('can move to another place, where the copy that it replaces stays as the previous one', () => {
    const other = `${file}.rebuilt`;
    State.create(file, stack).startRun('up', since);
    const rebuilt = State.create(other, { ...stack, id: 'stack2' });
    const moved = rebuilt.moveTo(file);
    expect(moved.stack.id).toBe('stack2');
    expect(onDisk().stack.id).toBe('stack2');
    expect(inPrevious().stack.id).toBe('stack1');
    expect(existsSync(other)).toBe(false);
  });
});

describe('a state file that cannot be trusted', () => {
  const good = () => {
    State.create(file, stack).adopt('vpc', {
      step: 1,
      status: 'complete',
      generation: 1,
      identity: { vpcId: 'vpc-1' },
      since,
    });
    return readFileSync(file, 'utf8');
  };
  const edited = (change: (data: ReturnType<typeof onDisk>) => void) => {
    const data = JSON.parse(good());
    change(data);
    writeFileSync(file, JSON.stringify(data));
  };

  it('offers the previous copy when it was cut off, and changes nothing by itself', () => {
    const text = good().slice(0, -20);
    writeFileSync(file, text);
    const error = thrown(() => State.read(file));
    expect(error).toMatchObject({ code: 'state-damaged', exitCode: 2 });
    expect(error.fix).toContain(`mv ${JSON.stringify(previousOf(file))} ${JSON.stringify(file)}`);
    expect(error.fix).toContain('state rebuild');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('offers to make it again from the account where there is no previous copy', () => {
    mkdirSync(join(file, '..'));
    writeFileSync(file, '');
    const error = thrown(() => State.read(file));
    expect(error.code).toBe('state-damaged');
    expect(error.fix).not.toContain('mv ');
    expect(error.fix).toContain('state rebuild');
  });

  it('is refused when it is newer, naming both versions', () => {
    edited((data) => {
      data.version = 2;
    });
    const error = thrown(() => State.read(file));
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
  ])('is refused with %s', (_, change) => {
    edited(change);
    expect(thrown(() => State.read(file))).toMatchObject({ code: 'state-damaged', exitCode: 2 });
  });

  it.each(['null', '[]', '"text"', '7'])('is refused as %s', (text) => {
    good();
    writeFileSync(file, text);
    expect(thrown(() => State.read(file)).code).toBe('state-damaged');
  });
});

describe('where the state is', () => {
  it('keeps rehearsals apart from the real one', () => {
    expect(deploymentFolder('d', 'aws')).toBe(join('d', '.airflow-aws'));
    expect(deploymentFolder('d', 'emulator')).toBe(join('d', '.airflow-aws'));
    expect(deploymentFolder('d', 'simulated')).toBe(join('d', '.airflow-aws', 'simulated'));
  });
});
