import { join } from 'node:path';
import { DescribeFileSystemsCommand } from '@aws-sdk/client-efs';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { DescribeDBClustersCommand } from '@aws-sdk/client-rds';
import { GetBucketTaggingCommand } from '@aws-sdk/client-s3';
import { ListTagsForResourceCommand } from '@aws-sdk/client-ssm';
import { discover, ec2Tags, type Found, type Tagged } from '../audit.ts';
import { isAws, isGone, unlessGone } from '../aws-errors.ts';
import { ec2Belongings } from '../belongings/ec2.ts';
import { graphOf, inOrder, needsOf } from '../engine/graph.ts';
import { bindTo, known, type Run } from '../engine/run.ts';
import { exitCodes, userError } from '../errors.ts';
import { onlooker } from '../onlooker.ts';
import { nowhere, State } from '../state.ts';
import { stateFile } from '../state-file.ts';
import { type Deployment, everything, runOf } from './deployment.ts';

/**
 * Makes the state again from the account, by tags and names; `save` or the first record puts it in its place. `undefined`
 * when the account has nothing of this deployment. Changes nothing in the account. Throws when two deployments have the
 * name.
 */
export async function rebuildState(deployment: Deployment): Promise<State | undefined> {
  const { config, place, world, store } = deployment;
  const graph = everything();
  const { ids, tagged } = await stacksInAccount(deployment);
  const states: State[] = [];
  for (const id of ids) {
    const stack = { id, name: config.name, account: place.accountId, region: place.region, world: world.kind };
    const state = State.of(nowhere, stack);
    const run = runOf(deployment, state);
    const found = await discover(run, graph);
    await adoptAll(run, found, tagged, new Date(world.clock.now()).toISOString());
    await finishByLooking(run, found);
    // What is used carries no tags of ours, and is there whoever uses it.
    if ([...found.values()].some(({ identity }) => !identity.used)) states.push(state);
  }
  if (states.length > 1) throw await twoDeployments(deployment, states);
  return states[0]?.at(store);
}

/** Each in a file of its own, for a person to choose from. */
async function twoDeployments({ config, folder }: Deployment, states: State[]) {
  const fileOf = ({ stack }: State) => join(folder, `state.json.rebuilding-${stack.id}`);
  for (const state of states) await state.at(stateFile(fileOf(state))).save();
  return userError({
    code: 'two-deployments',
    exitCode: exitCodes.usage,
    what: `Two deployments called ${config.name} are in this account and region: ${states.map(({ stack }) => stack.id).join(' and ')}.`,
    why: 'Their tags airflow-aws:stack differ, so they were made by two state files.',
    fix: `Look at ${states.map(fileOf).join(' and ')}, and rename the one that is meant to state.json.`,
  });
}

/** The stacks of this deployment's name: by what lives in EC2, and by what lives on without a network. */
export async function stacksInAccount({
  clients,
  config,
  names,
}: Deployment): Promise<{ ids: ReadonlySet<string>; tagged: ReadonlyMap<string, Tagged> }> {
  const { ec2, iam, rds, s3, efs, ssm } = clients;
  const untagged = (error: unknown) => {
    if (isGone(error) || isAws(error, 'NoSuchTagSet', 'InvalidResourceId')) return undefined;
    throw error;
  };
  const parameter = (ResourceId: string) =>
    ssm.send(new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId })).catch(untagged);
  const [living, tagged, role, cluster, bucket, fileSystems, secrets, password] = await Promise.all([
    ec2Belongings(ec2),
    ec2Tags(ec2, 'airflow-aws:name', config.name),
    iam.send(new GetRoleCommand({ RoleName: names.role })).catch(unlessGone),
    rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: names.dbCluster })).catch(unlessGone),
    s3.send(new GetBucketTaggingCommand({ Bucket: names.bucket })).catch(untagged),
    efs.send(new DescribeFileSystemsCommand({})),
    parameter(names.airflowSecrets),
    parameter(names.databasePassword),
  ]);
  const ours = living.filter(({ name, companion }) => name === config.name && !companion);
  const ids = new Set(ours.map(({ stack }) => stack));
  const lists = [
    role?.Role?.Tags,
    cluster?.DBClusters?.[0]?.TagList,
    bucket?.TagSet,
    ...(fileSystems.FileSystems ?? []).map(({ Tags, LifeCycleState }) => (/^delet/.test(LifeCycleState!) ? [] : Tags)),
    secrets?.TagList,
    password?.TagList,
  ];
  for (const list of lists) {
    const value = (name: string) => list?.find(({ Key }) => Key === `airflow-aws:${name}`)?.Value;
    if (value('name') === config.name) ids.add(value('stack') ?? '');
  }
  ids.delete('');
  return { ids, tagged };
}

/** A row for everything found, and the generation of what EC2 still lists though it is gone. */
async function adoptAll(
  { state }: Run,
  found: ReadonlyMap<string, Found>,
  tagged: ReadonlyMap<string, Tagged>,
  since: string,
) {
  for (const { tags } of tagged.values()) {
    const { 'airflow-aws:resource': key = '', 'airflow-aws:generation': text = '', 'airflow-aws:stack': stack } = tags;
    const generation = Number(text);
    if (stack === state.stack.id && !found.has(key) && generation >= state.nextGeneration(key))
      await state.recall(key, generation);
  }
  for (const { key, step, identity, generation = 1 } of found.values())
    await state.adopt(key, { step, status: 'created', generation, identity, since });
}

/**
 * Marks as complete what is: what `finish` would not change, and what something was made upon, since that is begun only
 * when all that it needs is finished. The second holds for first creations alone. The rest is for `up` to finish.
 */
async function finishByLooking(run: Run, found: ReadonlyMap<string, Found>) {
  const { state } = run;
  const graph = graphOf([...everything().values()].filter(({ key }) => found.has(key)));
  const needed = new Set([...graph.values()].flatMap((resource) => needsOf(graph, resource)));
  for (const resource of inOrder(graph)) {
    const { key } = resource;
    const { identity, generation, since } = state.row(key)!;
    const { aws, wasAsked } = onlooker(bindTo(run, resource));
    try {
      const output = (await resource.finish?.(aws, identity!, known(run, resource))) ?? {};
      if (!wasAsked() || (needed.has(key) && generation === 1)) await state.complete(key, output, since);
    } catch {
      // Its finish waits for something, or needs an answer of a change: it is not finished, or cannot be told.
    }
  }
}
