import type { Aws } from '../aws.ts';
import { classify } from '../aws-errors.ts';
import type { Identity } from '../state.ts';
import { type Graph, inOrder, needsOf } from './graph.ts';
import type { AnyResource, Difference, Refusal } from './resource.ts';
import { type Answers, bindTo, known, lookFor, persist, type Run, Stopped, Unknowable } from './run.ts';

/** What `up` is about to do with a resource. */
export type Verdict =
  /** It is complete, there, and as the settings want it. */
  | 'keep'
  /** It is to be looked at again and finished again, since something that it needs does not stay as it is. */
  | 'finish'
  /** Attributes of it are to be set. */
  | 'change'
  /** It cannot be changed into what the settings want: it goes, and its next generation comes. */
  | 'replace'
  /** Its row is not complete: go on where the last run stopped. */
  | 'continue'
  /** It was never made. */
  | 'create'
  /** It was made, and is not there any more. */
  | 'recreate';

/** Everything that has a row as it really is, compared with what the settings want. */
export interface Survey {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Of what is there and not as it is wanted, by key. */
  readonly differences: ReadonlyMap<string, readonly Difference[]>;
  /** Why nobody can tell, by key: the server is stopped, the emulator has no such question. */
  readonly unknown: ReadonlyMap<string, string>;
}

/**
 * Looks at everything that has a row and changes nothing. Each question is asked once, however many need its answer;
 * `answers` has those that were asked just before.
 */
export async function survey(run: Run, graph: Graph, answers: Answers = new Map()): Promise<Survey> {
  const verdicts = new Map<string, Verdict>();
  const differences = new Map<string, readonly Difference[]>();
  const unknown = new Map<string, string>();
  const look = async (resource: AnyResource): Promise<Verdict> => {
    const { key } = resource;
    const row = run.state.row(key);
    if (!row) return 'create';
    if (row.status !== 'complete') return 'continue';
    try {
      const found = await lookFor(run, resource, row.since, answers);
      if (!found) return 'recreate';
      const compared = await compare(run, resource, found, answers);
      if ('unknown' in compared) unknown.set(key, compared.unknown);
      else if (compared.differences.length > 0) differences.set(key, compared.differences);
      return 'keep';
    } catch (error) {
      if (!(error instanceof Unknowable)) throw error;
      unknown.set(key, error.message);
      return 'finish';
    }
  };
  await Promise.all(inOrder(graph).map(async (resource) => verdicts.set(resource.key, await look(resource))));
  for (const resource of inOrder(graph)) settle(graph, resource, verdicts, differences);
  return { verdicts, differences, unknown };
}

/** What follows for `resource` from the verdicts on what it needs, which are settled. */
function settle(
  graph: Graph,
  resource: AnyResource,
  verdicts: Map<string, Verdict>,
  differences: Map<string, readonly Difference[]>,
) {
  const { key } = resource;
  if (verdicts.get(key) !== 'keep') return;
  const needed = needsOf(graph, resource).map((need) => verdicts.get(need)!);
  // Compared with what is about to be another thing, everything differs. It is compared again when that is there.
  if (needed.some((one) => one !== 'keep' && one !== 'finish' && one !== 'change')) differences.delete(key);
  const found = differences.get(key);
  if (found) verdicts.set(key, found.some(({ mend }) => mend === 'replace') ? 'replace' : 'change');
  else if (needed.some((one) => one !== 'keep' && one !== 'finish')) verdicts.set(key, 'finish');
}

/**
 * How what is there differs from what is wanted; nothing for a resource that does not compare. An answer that cannot be
 * had, as on an emulator that lacks the question, is no reason to end: it is told. One that is not allowed is: whoever may
 * not see whether a group is open to everybody would be told that all is well.
 */
export async function compare(
  run: Run,
  resource: AnyResource,
  identity: Identity,
  answers?: Answers,
): Promise<{ readonly differences: readonly Difference[] } | { readonly unknown: string }> {
  if (!resource.compare) return { differences: [] };
  try {
    const differences = await persist(run, ['throttle', 'unclear', 'offline'], () =>
      resource.compare!(seeing(bindTo(run, resource, answers && { answers })), identity, known(run, resource)),
    );
    return { differences };
  } catch (error) {
    if (error instanceof Stopped || ['expired', 'identity'].includes(classify(error))) throw error;
    return { unknown: (error as Error).message };
  }
}

/** What has just been found and does not show now is no thing without attributes: AWS's answers lag. */
function seeing(aws: Aws): Aws {
  return {
    ...aws,
    async seek(kind, id) {
      const item = await aws.seek(kind, id);
      if (item === undefined) throw new Unknowable('AWS does not show it at the moment.');
      return item;
    },
  };
}

export function isRefused(difference: Difference): difference is Difference & { mend: Refusal } {
  return typeof difference.mend === 'object';
}
