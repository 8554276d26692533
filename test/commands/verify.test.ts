import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../../src/commands/status.ts';
import { type VerifyFlags, verify } from '../../src/commands/verify.ts';
import type { Hop } from '../../src/steps/16-airflow/proof.ts';
import { cli } from '../helpers/cli.ts';
import { simulatedFolder, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

interface Host {
  units: Record<string, string>;
  markers: Record<string, string>;
}

const built = temporaryFolder();
let folder: string;

/** The servers of the simulated account as they are on disk, by the key of their instance. */
function host(key: 'bastion' | 'nodeA' | 'nodeC'): Host {
  const { tables } = JSON.parse(readFileSync(join(simulatedFolder(folder), 'account.json'), 'utf8'));
  const row = stateOf(folder).resources[key] as unknown as { identity: { instanceId: string } };
  return tables['us-west-2'].hosts[row.identity.instanceId];
}

function setUnit(key: 'bastion' | 'nodeA' | 'nodeC', unit: string, state: 'active' | 'inactive') {
  const file = join(simulatedFolder(folder), 'account.json');
  const account = JSON.parse(readFileSync(file, 'utf8'));
  const row = stateOf(folder).resources[key] as unknown as { identity: { instanceId: string } };
  account.tables['us-west-2'].hosts[row.identity.instanceId].units[unit] = state;
  writeFileSync(file, JSON.stringify(account));
}

async function verified(flags: VerifyFlags = {}) {
  const io = ioIn(folder, { json: true });
  const exitCode = await verify(io, { simulate: true, ...flags });
  const { ok, data, error } = JSON.parse(io.lines.join('\n'));
  return { exitCode, ok, hops: data.hops as Hop[], error, notes: io.notes };
}

const scheduler = 'airflow@scheduler.service';

beforeAll(async () => {
  await simulatedUp(built);
});

beforeEach(() => {
  folder = temporaryFolder();
  cpSync(built, folder, { recursive: true });
});

describe('verify', () => {
  it('goes from the servers over units, targets, health and log-in page to a task on every node', async () => {
    const { exitCode, ok, hops } = await verified();
    expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true });
    expect(hops.map(({ name }) => name)).toEqual([
      'the bastion answers',
      'node a answers',
      'node c answers',
      'nginx of the bastion active',
      'every unit of node a active',
      'every unit of node c active',
      'both nodes healthy for the load balancer',
      "Airflow's health through the bastion: metadatabase",
      "Airflow's health through the bastion: scheduler",
      "Airflow's health through the bastion: triggerer",
      "Airflow's health through the bastion: dag_processor",
      'the log-in page through the bastion',
      'a task on every node, with its log in S3',
    ]);
    expect(hops.every((hop) => hop.ok && hop.seconds >= 0 && hop.detail !== '')).toBe(true);
    expect(hops.at(-1)!.detail).toMatch(/^tasks ran on ip-10-0-2-\d+ and ip-10-0-3-\d+; their logs are in s3:/);
  });

  it('changes nothing: the state is the same, and every unit on every server', async () => {
    const state = readFileSync(join(simulatedFolder(folder), 'state.json'), 'utf8');
    const before = (['bastion', 'nodeA', 'nodeC'] as const).map((key) => host(key).units);
    await verified();
    expect(readFileSync(join(simulatedFolder(folder), 'state.json'), 'utf8')).toBe(state);
    expect((['bastion', 'nodeA', 'nodeC'] as const).map((key) => host(key).units)).toEqual(before);
  });

  it.each([
    ['nodeC', 'airflow@flower.service', 'every unit of node c active', 'airflow@flower.service is inactive'],
    ['nodeA', 'airflow-environment.service', 'every unit of node a active', 'airflow-environment.service is inactive'],
    ['bastion', 'nginx.service', 'nginx of the bastion active', 'nginx.service is inactive'],
  ] as const)('of a cluster whose %s lacks %s ends with exit code 9 and the hop', async (key, unit, name, detail) => {
    setUnit(key, unit, 'inactive');
    const { exitCode, ok, hops, error } = await verified();
    expect({ exitCode, ok }).toEqual({ exitCode: 9, ok: false });
    expect(hops.find((hop) => !hop.ok)).toMatchObject({ name, detail });
    expect(error).toMatchObject({ code: 'cluster-unhealthy', message: expect.stringContaining(name) });
    expect(error.why).toContain(detail);
    expect(hops.at(-1)).toMatchObject({ ok: false, detail: expect.stringMatching(/^Not tried/) });
  });

  it('names each component that Airflow does not call healthy', async () => {
    for (const key of ['nodeA', 'nodeC'] as const) setUnit(key, 'airflow@triggerer.service', 'inactive');
    const { hops } = await verified();
    const unwell = hops.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(unwell).toContain("Airflow's health through the bastion: triggerer");
    expect(unwell).not.toContain("Airflow's health through the bastion: scheduler");
  });

  it('prints a line for each hop with its seconds, and the failing one in the error', async () => {
    setUnit('nodeC', 'airflow@worker.service', 'inactive');
    const ended = await cli(folder, ['verify', '--simulate']);
    expect(ended.code).toBe(9);
    const lines = ended.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[0]).toMatch(/^ok {2,}\d+\.\d s {2}the bastion answers: /);
    expect(lines[5]).toMatch(/^FAILED +\d+\.\d s {2}every unit of node c active: airflow@worker\.service is inactive$/);
    expect(ended.stderr).toMatch(/Error: .*every unit of node c active.*\n {2}Why: .*worker.*\n(.*\n)* {2}Fix: .+/);
  });

  it('of what is not built is a usage error', async () => {
    await expect(verify(ioIn(temporaryFolder()), { simulate: true })).rejects.toMatchObject({
      code: 'not-built',
      exitCode: 2,
    });
  });
});

describe('status', () => {
  it("shows each node's units, and those by name that are not active", async () => {
    setUnit('nodeC', 'airflow@worker.service', 'inactive');
    const io = ioIn(folder);
    await status(io, { simulate: true });
    expect(io.lines).toContainEqual(expect.stringMatching(/^node a +8 of 8 units active$/));
    expect(io.lines).toContainEqual(
      expect.stringMatching(/^node c +7 of 8 units active, airflow@worker\.service inactive$/),
    );
    const json = ioIn(folder, { json: true });
    await status(json, { simulate: true });
    const { nodes } = json.data<{ nodes: { node: string; units: Record<string, string> }[] }>();
    expect(nodes.map(({ node, units }) => [node, units['airflow@worker.service']])).toEqual([
      ['nodeA', 'active'],
      ['nodeC', 'inactive'],
    ]);
  });
});

describe('verify --drill', () => {
  it("stops node a's scheduler, has a run done by node c's alone, and starts it again", async () => {
    const seen: string[] = [];
    const watch = (moment: string) => {
      if (moment === 'inside') seen.push(`${host('nodeA').units[scheduler]} ${host('nodeC').units[scheduler]}`);
    };
    const { exitCode, hops } = await verified({ drill: true, watch });
    expect(exitCode).toBe(0);
    expect(hops.slice(-3).map(({ name }) => name)).toEqual([
      "drill: node a's scheduler stopped",
      "drill: a run scheduled and done without node a's scheduler",
      "drill: node a's scheduler back",
    ]);
    // The tasks of the proof, the stop, the tasks of the drill, the start.
    expect(seen).toEqual(['active active', 'inactive active', 'inactive active', 'active active']);
  });

  it('starts the scheduler again when the drill fails half-way, and names the hop', async () => {
    const { exitCode, error } = await verified({ drill: true, fault: ['begin_drill:Broken'] });
    expect(exitCode).toBe(9);
    expect(error.message).toContain("drill: node a's scheduler stopped");
    expect(host('nodeA').units[scheduler]).toBe('active');
  });

  it('that is told to stop starts the scheduler again before it ends', async () => {
    let changes = 0;
    const watch = (moment: string) => {
      if (moment === 'before' && ++changes === 3) process.emit('SIGINT', 'SIGINT');
    };
    await expect(verified({ drill: true, watch })).rejects.toMatchObject({ code: 'stopped', exitCode: 7 });
    expect(changes).toBe(4);
    expect(host('nodeA')).toMatchObject({ units: { [scheduler]: 'active' }, markers: {} });
  });

  it('that was killed is ended by the next verify', async () => {
    const ended = await cli(folder, ['verify', '--drill', '--simulate', '--kill-after', '2']);
    expect(ended.signal).toBe('SIGKILL');
    expect(host('nodeA').units[scheduler]).toBe('inactive');
    const { exitCode, notes } = await verified();
    expect(exitCode).toBe(0);
    expect(notes.join('\n')).toContain("node a's scheduler is started again");
    expect(host('nodeA').units[scheduler]).toBe('active');
  });
});
