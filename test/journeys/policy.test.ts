import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AuthorizeSecurityGroupIngressCommand,
  ModifyInstanceMetadataOptionsCommand,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2';
import { ModifyMountTargetSecurityGroupsCommand, UpdateFileSystemCommand } from '@aws-sdk/client-efs';
import { SetSecurityGroupsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteBucketPolicyCommand, DeletePublicAccessBlockCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { badDay, rehearse } from '../../src/commands/rehearsal.ts';
import { status } from '../../src/commands/status.ts';
import { loadConfig } from '../../src/config.ts';
import { exitCodes, UserError } from '../../src/errors.ts';
import { explainCall, isFromAws } from '../../src/explain.ts';
import { grants } from '../../src/permissions.ts';
import { type Purpose, type Statement, statementsFor } from '../../src/policy.ts';
import { Account } from '../../src/simulator/account.ts';
import { nouns } from '../../src/simulator/nouns.ts';
import { knowClusterSnapshot } from '../../src/simulator/rds/cluster-snapshots.ts';
import { ioIn } from '../commands/io.ts';
import {
  aMinuteLater,
  consoleOf,
  simulatedDestroy,
  simulatedFolder,
  simulatedStatus,
  simulatedUp,
  temporaryFolder,
} from '../helpers/deployment.ts';
import { existingNetwork } from '../helpers/existing-network.ts';
import { inventoryOf } from '../helpers/inventory.ts';
import { actionsOf, allows, factsOf, policiesFor, policyFile, without } from '../helpers/policy.ts';

type Policies = Record<Purpose, Statement[]>;

function folderWith(yaml: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'airflow-aws.yaml'), `version: 1\n${yaml}`);
  return folder;
}

interface End {
  exitCode: number;
  /** All that the failure says. */
  words: string;
}

/** How a run ended, whichever way it says so. */
async function ended(run: Promise<{ exitCode: number; events: Record<string, unknown>[] } | number>): Promise<End> {
  try {
    const result = await run;
    if (typeof result === 'number') return { exitCode: result, words: '' };
    return { exitCode: result.exitCode, words: JSON.stringify(result.events.at(-1)?.error ?? '') };
  } catch (error) {
    const known = error instanceof UserError || !isFromAws(error) ? error : explainCall(error, { login: '' });
    if (!(known instanceof UserError)) throw error;
    return { exitCode: known.exitCode, words: `${known.what} ${known.why} ${known.fix}` };
  }
}

/** Up, up, status and destroy, each held to its policy. The first that fails ends it. */
async function journey(folder: string, policies: Policies, confirm = 'pms'): Promise<End & { at: string }> {
  const held = (statements: readonly Statement[]) => ({ policy: [policyFile(statements)] });
  const looked = async () => {
    const io = ioIn(folder, { json: true });
    const exitCode = await status(io, { simulate: true, ...held(policies.status) });
    expect(io.data<{ complete: boolean }>().complete).toBe(true);
    return exitCode;
  };
  const runs: [at: string, () => Promise<End>][] = [
    ['up', () => ended(simulatedUp(folder, held(policies.up)))],
    ['up again', () => ended(simulatedUp(folder, held(policies.up)))],
    ['status', () => ended(looked())],
    ['destroy', () => ended(simulatedDestroy(folder, { confirm, ...held(policies.destroy) }))],
  ];
  for (const [at, run] of runs) {
    const end = await run();
    if (end.exitCode !== exitCodes.ok) return { ...end, at };
  }
  return { exitCode: exitCodes.ok, words: '', at: 'the end' };
}

const purposes = ['up', 'status', 'destroy'] as const;

const settings: Record<string, string> = {
  'the defaults': '',
  'Redis OSS and the classes of the tutorial':
    'database: { instanceClass: db.t3.medium }\ncache: { engine: redis, engineVersion: "7.1", nodeType: cache.r6g.large }\n',
  'debian-13 without TLS': 'os: debian-13\ntls: { mode: "off" }\n',
  'names, tags and a region of one’s own':
    'name: etl-2\nregion: eu-west-1\nzones: [b, c]\nstorage: { bucketName: logs-of-etl }\ncache: { userId: etluser }\niam: { permissionsBoundary: "arn:aws:iam::123456789012:policy/limits/etl", rolePath: /teams/data/ }\ntags: { team: data }\nprotect: true\n',
};

describe('exactly what iam policy prints', { timeout: 600_000 }, () => {
  test.each(Object.entries(settings))('is enough for up, up again, status and destroy with %s', async (_, yaml) => {
    const folder = folderWith(yaml);
    const policies = await policiesFor(folder);
    const name = /^name: (\S+)/m.exec(yaml)?.[1] ?? 'pms';
    writeFileSync(join(folder, 'airflow-aws.yaml'), `version: 1\n${yaml.replace('protect: true\n', '')}`);
    expect(await journey(folder, policies, name)).toMatchObject({ exitCode: 0, words: '' });
    // The boundary is the account's own, as a VPC that is used would be.
    expect(inventoryOf(folder).counts).toEqual(yaml.includes('permissionsBoundary') ? { 'iam.policies': 1 } : {});
  });

  test('is enough in a VPC that is used, of which it lets nobody change anything', async () => {
    const folder = temporaryFolder();
    const { vpcId, publicSubnet, privateSubnets } = await existingNetwork(folder);
    const before = inventoryOf(folder).counts;
    const policies = await policiesFor(folder);
    expect(await journey(folder, policies)).toMatchObject({ exitCode: 0, words: '' });
    expect(inventoryOf(folder).counts).toEqual(before);

    const statements = purposes.flatMap((purpose) => policies[purpose]);
    const changing =
      /:(?!Describe).*(Vpc|Subnet|Route|InternetGateway|NatGateway|Address)(Attribute|Association|Table)?s?$/;
    const ofEc2 = actionsOf(statements).filter((action) => action.startsWith('ec2:'));
    expect(ofEc2.filter((action) => changing.test(action))).toEqual([]);
    const asked = grants(factsOf(loadConfig(folder).config)).flatMap(({ actions }) => actions);
    expect(asked.filter((action) => action.startsWith('ec2:') && changing.test(action))).toEqual([]);
    // The same pattern finds what a network of one's own takes.
    const own = grants(factsOf(loadConfig(temporaryFolder()).config)).flatMap(({ actions }) => actions);
    expect(own).toContain('ec2:CreateVpc');
    expect(own.filter((action) => action.startsWith('ec2:') && changing.test(action)).length).toBeGreaterThan(15);
    for (const id of [vpcId, publicSubnet, ...privateSubnets]) expect(JSON.stringify(policies.up)).toContain(`/${id}"`);
  });

  test('is enough to restore a snapshot that only the real account has, by name and by another account’s ARN', async () => {
    const snapshots = ['last-week', 'arn:aws:rds:us-west-2:210987654321:cluster-snapshot:shared'];
    for (const restoreFrom of snapshots) {
      const folder = folderWith(`restoreFrom: ${restoreFrom}\n`);
      const policies = await policiesFor(folder);
      expect(actionsOf(policies.up)).toContain('rds:RestoreDBClusterFromSnapshot');
      expect(actionsOf(policies.up)).not.toContain('rds:CreateDBCluster');
      const account = new Account(nouns, { file: join(simulatedFolder(folder), 'account.json') });
      knowClusterSnapshot(account.scope('us-west-2'), restoreFrom, loadConfig(folder).config.database);
      account.save();
      expect(await journey(folder, policies)).toMatchObject({ exitCode: 0, words: '' });
      expect(inventoryOf(folder).counts).toEqual({ 'rds.clusterSnapshots': 1 });
      const { Resource } = policies.up.find(({ Sid }) => Sid === 'MakeTheDatabaseWithOurTag')!;
      expect(Resource).toContain(
        restoreFrom.replace(/^(?!arn)/, 'arn:aws:rds:us-west-2:123456789012:cluster-snapshot:'),
      );
    }
  });

  test('is enough to carry out every change of the settings, and to mend what was done by hand', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder);
    writeFileSync(
      join(folder, 'airflow-aws.yaml'),
      `version: 1
tags: { team: data }
protect: true
bastion: { instanceType: t3.small }
nodes: { instanceType: m6i.large, volumeGiB: 50 }
database: { instanceClass: db.t3.medium }
cache: { nodeType: cache.t4g.medium }
access: { extraCidrs: [198.51.100.0/24] }
`,
    );
    const { up } = await policiesFor(folder);
    const console = consoleOf(folder);
    await spoil(console);
    // EFS changes the mode of throughput once a day.
    await console.clock.sleep(25 * 3_600_000);
    console.close();
    await aMinuteLater(folder);
    const drifted = (await simulatedStatus(folder)).resources.filter(({ drift }) => drift.length > 0);
    const tagged = drifted.filter(({ drift }) => drift.some(({ attribute }) => attribute === 'Tags.team'));
    const services = ['vpc', 'nodeA', 'loadBalancer', 'dbCluster', 'dbInstance', 'bucket', 'role', 'instanceProfile'];
    expect(tagged.map(({ key }) => key)).toEqual(
      expect.arrayContaining([...services, 'fileSystem', 'airflowSecrets', 'cachePassword']),
    );
    expect(await ended(simulatedUp(folder, { policy: [policyFile(up)] }))).toEqual({ exitCode: 0, words: '""' });
    await aMinuteLater(folder);
    expect((await simulatedStatus(folder)).resources.flatMap(({ drift }) => drift)).toEqual([]);
  });

  test('is enough to keep the data', async () => {
    const folder = temporaryFolder();
    const { up, destroy } = await policiesFor(folder);
    await simulatedUp(folder, { policy: [policyFile(up)] });
    const { exitCode } = await simulatedDestroy(folder, { keepData: true, policy: [policyFile(destroy)] });
    expect(exitCode).toBe(0);
  });

  test('of another deployment is not enough', async () => {
    const { up } = await policiesFor(folderWith('name: other\n'));
    const folder = temporaryFolder();
    expect(await ended(simulatedUp(folder, { policy: [policyFile(up)] }))).toMatchObject({ exitCode: 4 });
    expect(Object.keys(inventoryOf(folder).counts).filter((table) => /^ec2\.(vpcs|instances)$/.test(table))).toEqual(
      [],
    );
  });

  test('is asked for, each action on each of its resources, and nothing that is asked for is missing', async () => {
    const { config } = loadConfig(temporaryFolder());
    const facts = factsOf(config);
    const rehearsed = await rehearse(config, purposes);
    for (const purpose of purposes) {
      const statements = statementsFor(rehearsed[purpose], { rehearsed: facts, facts, purposes: [purpose] });
      const allowing = rehearsed[purpose].map((asked) => statements.filter((one) => allows([one], asked)));
      expect(rehearsed[purpose].filter((_, index) => allowing[index]!.length === 0)).toEqual([]);
      const table = grants(facts);
      const spare = table.filter(({ mishap }) => mishap?.includes(purpose));
      const unasked = actionsOf(statements).filter(
        (action) => !rehearsed[purpose].some((one) => one.action === action),
      );
      expect(unasked.filter((action) => !spare.some(({ actions }) => actions.includes(action)))).toEqual([]);
      const alone = new Set(allowing.filter((list) => list.length === 1).map(([one]) => one));
      const unneeded = statements.filter((one) => !alone.has(one)).map(({ Sid }) => Sid);
      expect(unneeded.filter((sid) => !spare.some((one) => one.sid === sid))).toEqual([]);
    }
  });

  test('ends a run with exit 4 and the name of the action where one is missing', async () => {
    const folder = temporaryFolder();
    const policies = await policiesFor(folder);
    const rehearsed = await rehearse(loadConfig(folder).config, purposes);
    const all = purposes.flatMap((purpose) =>
      [...new Set(rehearsed[purpose].map(({ action }) => action))]
        .sort()
        .filter((action) => !tolerated.test(action))
        .map((action) => ({ purpose, action })),
    );
    for (const { purpose, action } of sample(all, Number(process.env.POLICY_ACTIONS ?? 6))) {
      const less = { ...policies, [purpose]: without(policies[purpose], action) };
      const end = await anyDay(less);
      expect({ purpose, action, ...end }).toMatchObject({ exitCode: 4, words: expect.stringContaining(action) });
    }
  });
});

/** Something in each service, by somebody in the console, that is mended by a call of its own. */
async function spoil({ ec2, efs, elbv2, iam, s3, identity }: ReturnType<typeof consoleOf>) {
  const Bucket = identity('bucket').bucketName!;
  const { mountTargetId: MountTargetId } = identity('mountTargetA');
  const { loadBalancerArn: LoadBalancerArn } = identity('loadBalancer');
  const { groupId } = identity('publicSecurityGroup');
  const RoleName = identity('role').roleName!;
  const anybody = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId!, IpPermissions: [anybody] }));
  await ec2.send(
    new ModifyInstanceMetadataOptionsCommand({ InstanceId: identity('nodeA').instanceId!, HttpTokens: 'optional' }),
  );
  await ec2.send(
    new ModifySubnetAttributeCommand({
      SubnetId: identity('privateSubnetA').subnetId!,
      MapPublicIpOnLaunch: { Value: true },
    }),
  );
  await efs.send(
    new ModifyMountTargetSecurityGroupsCommand({ MountTargetId: MountTargetId!, SecurityGroups: [groupId!] }),
  );
  const { fileSystemId: FileSystemId } = identity('fileSystem');
  await efs.send(new UpdateFileSystemCommand({ FileSystemId: FileSystemId!, ThroughputMode: 'bursting' }));
  await elbv2.send(
    new SetSecurityGroupsCommand({
      LoadBalancerArn: LoadBalancerArn!,
      SecurityGroups: [groupId!, identity('privateSecurityGroup').groupId!],
    }),
  );
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'rds.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
}

/** What explains a failure, and is done without where it is not allowed. */
const tolerated = /:DescribeEvents$/;

/** How the first run ends that does not end well: on a calm day, on a bad one, and with the data kept. */
async function anyDay(policies: Policies): Promise<End> {
  const calm = await journey(temporaryFolder(), policies);
  if (calm.exitCode !== 0) return calm;
  const held = (purpose: Purpose) => ({ policy: [policyFile(policies[purpose])] });
  const folder = temporaryFolder();
  const bad = await ended(simulatedUp(folder, { fault: badDay, ...held('up') }));
  if (bad.exitCode !== 0) return bad;
  const taken = await ended(simulatedDestroy(folder, { fault: ['loseFirst=1'], ...held('destroy') }));
  if (taken.exitCode !== 0) return taken;
  const kept = temporaryFolder();
  await simulatedUp(kept);
  return ended(simulatedDestroy(kept, { keepData: true, ...held('destroy') }));
}

/** So many of the list, chosen by POLICY_SEED. */
function sample<Item>(all: readonly Item[], count: number): Item[] {
  let state = Number(process.env.POLICY_SEED ?? 1);
  const dice = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return all
    .map((item) => ({ item, at: dice() }))
    .sort((one, other) => one.at - other.at)
    .slice(0, count)
    .map(({ item }) => item);
}
