import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamPolicy } from '../../src/commands/iam-policy.ts';
import { rehearse } from '../../src/commands/rehearsal.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { names } from '../../src/names.ts';
import type { Facts } from '../../src/permissions.ts';
import { type Asked, type PolicyDocument, type Purpose, type Statement, statementsFor } from '../../src/policy.ts';
import { parsePolicy } from '../../src/simulator/iam/documents.ts';
import { decide } from '../../src/simulator/iam/evaluation.ts';
import { ioIn } from '../commands/io.ts';
import { temporaryFolder } from './deployment.ts';

export interface Printed {
  for: string;
  account: string;
  policies: { name: string; characters: number; document: PolicyDocument }[];
}

/** What `airflow-aws iam policy --simulate --json` prints for the settings in `directory`. */
export async function printedPolicy(directory: string, purpose: Purpose | 'all'): Promise<Printed> {
  const io = ioIn(directory, { json: true });
  await iamPolicy(io, { simulate: true, for: purpose });
  return io.data<Printed>();
}

export function statementsOf({ policies }: Printed): Statement[] {
  return policies.flatMap(({ document }) => document.Statement);
}

/** The facts of the simulated account. */
export function factsOf(config: Config): Facts {
  const place = { accountId: '123456789012', region: config.region, partition: 'aws' };
  return { config, place, names: names(config, place.accountId) };
}

/** Whether IAM would allow it. */
export function allows(statements: readonly Statement[], { action, resource, context }: Asked): boolean {
  const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'identity');
  const lower = Object.fromEntries(Object.entries(context).map(([key, values]) => [key.toLowerCase(), [...values]]));
  const policies = [{ id: 'test', source: 'none' as const, statements: policy }];
  return decide(policies, { action, resource, context: lower }).decision === 'allowed';
}

/** The same for each purpose, from one rehearsal. */
export async function policiesFor(directory: string): Promise<Record<Purpose, Statement[]>> {
  const { config } = loadConfig(directory);
  const facts = factsOf(config);
  const rehearsed = await rehearse(config, ['up', 'status', 'destroy']);
  const of = (purpose: Purpose) =>
    statementsFor(rehearsed[purpose], { rehearsed: factsOf(rehearsed.config), facts, purposes: [purpose] });
  return { up: of('up'), status: of('status'), destroy: of('destroy') };
}

export function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

export function actionsOf(statements: readonly Statement[]): string[] {
  return [...new Set(statements.flatMap(({ Action }) => list(Action)))].sort();
}

/** The statements in a file, for `--policy`. */
export function policyFile(statements: readonly Statement[]): string {
  const file = join(mkdtempSync(join(temporaryFolder(), 'policy-')), 'policy.json');
  writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  return file;
}

/** Without the action; a statement that has no other is left out. */
export function without(statements: readonly Statement[], action: string): Statement[] {
  return statements.flatMap((one) => {
    const Action = list(one.Action).filter((other) => other !== action);
    return Action.length === 0 ? [] : [{ ...one, Action }];
  });
}
