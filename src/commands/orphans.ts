import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { awsCode } from '../aws-errors.ts';
import type { Belonging } from '../belongings/belonging.ts';
import { ec2Belongings } from '../belongings/ec2.ts';
import { belongingsElsewhere } from '../belongings/elsewhere.ts';
import { iamBelongings } from '../belongings/iam.ts';
import { exitCodes } from '../errors.ts';
import { connect } from '../session.ts';
import type { State } from '../state.ts';
import { hanging, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, openDeployment } from './deployment.ts';

export interface OrphansFlags extends DeploymentFlags {
  readonly exitCode?: boolean;
}

/** What one deployment left, or has: its state is elsewhere, or lost. */
export interface OrphanedStack {
  readonly stack: string;
  readonly name: string;
  readonly costPerDay: number;
  readonly resources: readonly Belonging[];
}

/** Everything in the account and region that carries our tags and that the state here does not know. */
export async function orphans(io: CommandIo, flags: OrphansFlags): Promise<number> {
  const deployment = await openDeployment(io, flags);
  const stacks = await orphanedStacks(deployment);
  const costPerDay = stacks.reduce((sum, one) => sum + one.costPerDay, 0);
  if (io.json) {
    const { region, accountId } = deployment.place;
    const data = { account: accountId, region, known: deployment.state?.stack.id ?? null, costPerDay, stacks };
    io.out(JSON.stringify({ version: 1, command: 'orphans', ok: true, data }));
  } else {
    printStacks(io, stacks, deployment);
    if (stacks.length > 0)
      io.note(
        'It may be a living deployment whose state is in another folder. If not, "airflow-aws destroy --orphans" takes away what you pick.',
      );
  }
  return flags.exitCode && stacks.length > 0 ? exitCodes.changes : exitCodes.ok;
}

/** What the state here does not know, by stack. */
export async function orphanedStacks(deployment: Deployment): Promise<OrphanedStack[]> {
  const all = await belongings(deployment);
  return byStack(all.filter((one) => !isKnown(one, deployment.state)));
}

/** From every service at once. One that cannot be asked is told of and does not hide what the others have. */
async function belongings({ io, clients, world, traffic }: Deployment): Promise<Belonging[]> {
  const tagging = connect(world, traffic, new ResourceGroupsTaggingAPIClient(world.clientConfig));
  const sources: [name: string, Promise<Belonging[]>][] = [
    ['EC2', ec2Belongings(clients.ec2)],
    ['the tagging API', belongingsElsewhere(clients, tagging)],
    ['IAM', iamBelongings(clients.iam)],
  ];
  const found = await Promise.all(
    sources.map(([name, source]) =>
      source.catch((error) => {
        // Without EC2 there would be no answer worth the name.
        if (name === 'EC2') throw error;
        io.note(`Note: ${name} could not be asked (${awsCode(error)}), so what it knows is missing here.`);
        return [];
      }),
    ),
  );
  return found.flat();
}

/** True for what the state has, and for what came with something that it has. */
export function isKnown({ stack, key, id, arn, companion }: Belonging, state: State | undefined): boolean {
  if (state?.stack.id !== stack) return false;
  const row = state.row(key);
  if (!row) return false;
  // Without an identity it may be the very thing that the last run was about to make.
  if (companion || !row.identity) return true;
  const names = Object.values(row.identity);
  return names.includes(id) || (arn !== undefined && names.includes(arn));
}

function byStack(found: readonly Belonging[]): OrphanedStack[] {
  const stacks = new Map<string, Belonging[]>();
  for (const one of found) stacks.set(one.stack, [...(stacks.get(one.stack) ?? []), one]);
  return [...stacks].map(([stack, resources]) => ({
    stack,
    name: resources.find(({ name }) => name !== '')?.name ?? '',
    costPerDay: Number((24 * resources.reduce((sum, one) => sum + (one.costPerHour ?? 0), 0)).toFixed(4)),
    resources: resources.sort((one, other) => one.type.localeCompare(other.type) || one.id.localeCompare(other.id)),
  }));
}

/** Columns of the longest line of the list. */
const widest = 116;

export function printStacks(
  { out, columns = widest }: Pick<CommandIo, 'out' | 'columns'>,
  stacks: readonly OrphanedStack[],
  { place, state }: Deployment,
) {
  for (const { stack, name, costPerDay, resources } of stacks) {
    const ours = state?.stack.id === stack ? ', this deployment, yet not in its state' : '';
    out(`${name} (stack ${stack}${ours}): ${resources.length} things, ${usd(costPerDay)} a day`);
    for (const { type, id, key, costPerHour } of resources) {
      const price = costPerHour === undefined ? 'no price' : costPerHour > 0 ? `${usd(costPerHour * 24)} a day` : '';
      const wide = `  ${type.padEnd(34)} ${id.padEnd(43)} ${key.padEnd(22)} ${price}`;
      // As destroy --orphans takes it; what kind of thing it is can be told from both.
      const narrow = hanging('  ', `${`${key}/${id}`.padEnd(50)}  ${price}`, columns);
      out((columns < widest ? narrow : wide).trimEnd());
    }
    out('');
  }
  const where = `account ${place.accountId}, region ${place.region}`;
  if (stacks.length === 0) {
    out(`No orphans in ${where}.`);
    return;
  }
  const total = stacks.reduce((sum, one) => sum + one.costPerDay, 0);
  out(`${stacks.length === 1 ? 'One stack' : `${stacks.length} stacks`} in ${where}, ${usd(total)} a day.`);
}
