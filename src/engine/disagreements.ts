import type { Identity } from '../state.ts';
import { type Graph, inOrder } from './graph.ts';
import type { AnyResource } from './resource.ts';
import { type Answers, bindTo, known, persist, type Run } from './run.ts';

/** Where the state and the account's tags say different things. */
export interface Disagreement {
  readonly key: string;
  /** Undefined: the state has no row. */
  readonly recorded: Identity | undefined;
  /** Undefined: what the state names is there, and its tags are not this deployment's. */
  readonly tagged: Identity | undefined;
}

/** A row that is younger may be of a call that has just been made, whose tags do not show yet. Milliseconds. */
const settled = 60_000;

/**
 * Compares the rows of `graph` with what the account's tags and names tell, and changes nothing. What is merely gone is
 * no disagreement. A state that was edited, or is a copy of an earlier one, shows here before it can do harm: a wrong id
 * would be destroyed, and a missing row would be made twice.
 */
export async function disagreements(run: Run, graph: Graph, answers?: Answers): Promise<Disagreement[]> {
  // What destroy takes no time for is work on a server, or nobody's to take away.
  const asked = inOrder(graph).filter(({ typicalSeconds }) => typicalSeconds.destroy > 0);
  const found = await Promise.all(asked.map((resource) => compare(run, resource, answers && { answers })));
  return found.flat();
}

async function compare(run: Run, resource: AnyResource, shared: { answers?: Answers } = {}): Promise<Disagreement[]> {
  const { key } = resource;
  const row = run.state.row(key);
  // Without an identity the row says "perhaps", and the run looks for it itself.
  if (row && !row.identity) return [];
  const recorded = row?.identity;
  const tagged = await find(run, resource, { ...shared, unrecorded: true });
  // What is only used is not ours to make or to destroy.
  if (recorded?.used || tagged?.used) return [];
  if (tagged) return same(recorded, tagged) ? [] : [{ key, recorded, tagged }];
  if (!row || run.clock.now() - Date.parse(row.since) < settled) return [];
  return (await find(run, resource, { ...shared, unrecorded: false })) ? [{ key, recorded, tagged: undefined }] : [];
}

function find(
  run: Run,
  resource: AnyResource,
  bound: { unrecorded: boolean; answers?: Answers },
): Promise<Identity | undefined> {
  const needs = known(run, resource);
  return persist(run, ['throttle', 'unclear'], () => resource.find(bindTo(run, resource, bound), needs));
}

function same(one: Identity | undefined, other: Identity): boolean {
  const keys = Object.keys({ ...one, ...other });
  return keys.every((key) => one?.[key] === other[key]);
}
