import { GetRoleCommand } from '@aws-sdk/client-iam';
import { DescribeDBClustersCommand } from '@aws-sdk/client-rds';
import { discover, ec2Tags } from '../audit.ts';
import { unlessGone } from '../aws-errors.ts';
import { exitCodes, userError } from '../errors.ts';
import { State } from '../state.ts';
import type { Deployment } from './deployment.ts';
import { runOf } from './deployment.ts';

/**
 * Makes the state again from the account: by the tags of EC2 and by the names of the rest. `undefined` when the account
 * has nothing of this deployment. Rows come back as `created`, so that `up --resume` finishes what it cannot know.
 */
export async function rebuildState(deployment: Deployment): Promise<State | undefined> {
  const { clients, config, names, place, world, stateFile, graph } = deployment;
  const tagged = await ec2Tags(clients.ec2, 'airflow-aws:name', config.name);
  const ids = new Set([...tagged.values()].map(({ tags }) => tags['airflow-aws:stack'] ?? ''));
  // A deployment that lost its network may still have what lives outside of it.
  const role = await clients.iam.send(new GetRoleCommand({ RoleName: names.role })).catch(unlessGone);
  const cluster = await clients.rds
    .send(new DescribeDBClustersCommand({ DBClusterIdentifier: names.dbCluster }))
    .catch(unlessGone);
  for (const { Key, Value = '' } of [...(role?.Role?.Tags ?? []), ...(cluster?.DBClusters?.[0]?.TagList ?? [])])
    if (Key === 'airflow-aws:stack') ids.add(Value);
  ids.delete('');

  const states: State[] = [];
  for (const id of ids) {
    const stack = { id, name: config.name, account: place.accountId, region: place.region, world: world.kind };
    const state = State.create(`${stateFile}.rebuilding-${id}`, stack, { durable: world.durable });
    const since = new Date(world.clock.now()).toISOString();
    const found = await discover(runOf(deployment, state), graph);
    for (const { key, step, identity } of found.values()) {
      const same = [...tagged.values()].find(
        ({ tags }) => tags['airflow-aws:stack'] === id && tags['airflow-aws:resource'] === key,
      );
      const generation = Number(same?.tags['airflow-aws:generation'] ?? 1);
      state.adopt(key, { step, status: 'created', generation, identity, since });
    }
    // What is used carries no tags of ours, and is there whoever uses it.
    if ([...found.values()].some(({ identity }) => !identity.used)) states.push(state);
    else state.remove();
  }
  if (states.length > 1)
    throw userError({
      code: 'two-deployments',
      exitCode: exitCodes.usage,
      what: `Two deployments called ${config.name} are in this account and region: ${states.map(({ stack }) => stack.id).join(' and ')}.`,
      why: 'Their tags airflow-aws:stack differ, so they were made by two state files.',
      fix: `Look at ${states.map(({ file }) => file).join(' and ')}, and rename the one that is meant to state.json.`,
    });
  const [state] = states;
  return state?.moveTo(stateFile);
}
