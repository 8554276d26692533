import { type Facts, type Grant, grants } from './permissions.ts';

/** Something that AWS asked the caller's policies in a rehearsal. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** Characters of a managed policy, white space not counted (IAM quotas). */
export const largestPolicy = 6144;

/** What a run does: each has a policy of its own. */
export type Purpose = 'up' | 'status' | 'destroy';

/**
 * Statements that allow what was asked and, of the table's other rows, what `purposes` need when something goes wrong.
 * `rehearsed` are the facts of the account that the rehearsal ran in, `facts` those of the account to print for. What
 * the table does not have is allowed everywhere in a statement that says so.
 */
export function statementsFor(
  asked: readonly Asked[],
  { rehearsed, facts, purposes }: { rehearsed: Facts; facts: Facts; purposes: readonly Purpose[] },
): Statement[] {
  const there = grants(rehearsed);
  const statements = grants(facts).flatMap((grant, index) => {
    const used = grant.mishap ? forMishaps(grant, purposes) : narrowed(grant, there[index]!, asked);
    return used.actions.length === 0 ? [] : [statement(used)];
  });
  const unknown = unknownActions(asked, rehearsed);
  if (unknown.length > 0) statements.push(statement({ sid: 'NotInTheTable', actions: unknown, resources: ['*'] }));
  return statements;
}

/** Actions that were asked for and that no row of the table has. */
export function unknownActions(asked: readonly Asked[], facts: Facts): string[] {
  const known = new Set(grants(facts).flatMap(({ actions }) => actions));
  return sorted(asked.map(({ action }) => action).filter((action) => !known.has(action)));
}

/** All of it or nothing: what only a mishap asks for is in no rehearsal, and what one does ask for has another row. */
function forMishaps(grant: Grant, purposes: readonly Purpose[]): Grant {
  return grant.mishap?.some((one) => purposes.includes(one)) ? grant : { ...grant, actions: [] };
}

/** Only the actions, the resources and the values of conditions that were asked for. */
function narrowed(grant: Grant, there: Grant, asked: readonly Asked[]): Grant {
  const patterns = there.resources.map(wildcard);
  const fitting = asked.filter(
    ({ action, resource }) => there.actions.includes(action) && patterns.some((pattern) => pattern.test(resource)),
  );
  const actions = there.actions.filter((one) => fitting.some(({ action }) => action === one));
  const resources = grant.resources.filter((_, index) =>
    fitting.some(({ resource }) => patterns[index]!.test(resource)),
  );
  const seen = (key: string, value: string) => fitting.some(({ context }) => context[key]?.includes(value));
  const conditions = Object.entries(grant.conditions ?? {}).map(([operator, keys]) => [
    operator,
    Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : value.filter((one) => seen(key, one)),
      ]),
    ),
  ]);
  return { ...grant, actions, resources, ...(grant.conditions ? { conditions: Object.fromEntries(conditions) } : {}) };
}

function wildcard(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}

function statement({ sid, actions, resources, conditions }: Grant): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: oneOrMore(sorted(actions)),
    Resource: oneOrMore([...new Set(resources)]),
    ...(conditions ? { Condition: conditions } : {}),
  };
}

function oneOrMore(list: readonly string[]): string | readonly string[] {
  return list.length === 1 ? list[0]! : list;
}

function sorted(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}

/** As few documents as hold the statements, each small enough to be a managed policy. */
export function documentsOf(statements: readonly Statement[]): PolicyDocument[] {
  const documents: Statement[][] = [];
  for (const one of statements) {
    const room = documents.find(
      (list) => sizeOf({ Version: '2012-10-17', Statement: [...list, one] }) <= largestPolicy,
    );
    if (room) room.push(one);
    else documents.push([one]);
  }
  return documents.map((Statement) => ({ Version: '2012-10-17', Statement }));
}

/** Characters as IAM counts them. */
export function sizeOf(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}
