/** STEP 7: who may talk to whom. The tutorial opens everything; here it is the ports that are used. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unless, unlessGone } from '../aws-errors.ts';
import { type Difference, type Needs, resource, step } from '../engine/resource.ts';
import { vpc } from './01-vpc.ts';
import { ec2TagDifferences } from './differences.ts';

const securityGroups = ec2Kind({
  idFilter: 'group-id',
  idField: 'groupId',
  ask: (Filters) => new DescribeSecurityGroupsCommand({ Filters }),
  list: ({ SecurityGroups }) => SecurityGroups,
  id: ({ GroupId }) => GroupId,
});

interface Rule {
  port: number;
  why: string;
  from: { cidr: string } | { groupId: string };
}

function permission({ port, why, from }: Rule): IpPermission {
  const range = { IpProtocol: 'tcp', FromPort: port, ToPort: port };
  return 'cidr' in from
    ? { ...range, IpRanges: [{ CidrIp: from.cidr, Description: why }] }
    : { ...range, UserIdGroupPairs: [{ GroupId: from.groupId, Description: why }] };
}

/** One text for each rule, whatever the order and form in which EC2 lists it. */
function rulesOf(permissions: IpPermission[]): Map<string, IpPermission> {
  const rules = new Map<string, IpPermission>();
  for (const one of permissions) {
    const { IpProtocol = '', FromPort, ToPort, IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs } = one;
    const range = { IpProtocol, FromPort, ToPort };
    const ports = FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`;
    const text = IpProtocol === '-1' ? 'everything' : `${IpProtocol} ${ports ?? ''}`;
    for (const from of IpRanges ?? []) rules.set(`${text} from ${from.CidrIp}`, { ...range, IpRanges: [from] });
    for (const from of Ipv6Ranges ?? []) rules.set(`${text} from ${from.CidrIpv6}`, { ...range, Ipv6Ranges: [from] });
    for (const from of PrefixListIds ?? [])
      rules.set(`${text} from ${from.PrefixListId}`, { ...range, PrefixListIds: [from] });
    for (const { GroupId, Description } of UserIdGroupPairs ?? [])
      rules.set(`${text} from ${GroupId}`, { ...range, UserIdGroupPairs: [{ GroupId, Description }] });
  }
  return rules;
}

function ruleDifferences(there: IpPermission[] | undefined, wanted: Rule[], mend: Difference['mend']): Difference[] {
  const { missing, stale } = split(rulesOf(there ?? []), wanted);
  return [
    ...[...missing.keys()].map((rule) => ({ attribute: 'IpPermissions', is: 'none', wanted: rule, mend })),
    ...[...stale.keys()].map((rule) => ({ attribute: 'IpPermissions', is: rule, wanted: 'none', mend })),
  ];
}

function split(there: Map<string, IpPermission>, wanted: Rule[]) {
  const rules = rulesOf(wanted.map(permission));
  return {
    missing: new Map([...rules].filter(([text]) => !there.has(text))),
    stale: new Map([...there].filter(([text]) => !rules.has(text))),
  };
}

/** Makes the group's inbound rules exactly `wanted`: my address changes, and a rule for the old one must go. */
async function setRules({ ec2, ask }: Aws, groupId: string, wanted: Rule[]) {
  const Filters = [{ Name: 'group-id', Values: [groupId] }];
  const { SecurityGroups = [] } = await ask(ec2, new DescribeSecurityGroupsCommand({ Filters }));
  const found = split(rulesOf(SecurityGroups[0]?.IpPermissions ?? []), wanted);
  const [missing, stale] = [[...found.missing.values()], [...found.stale.values()]];
  if (missing.length > 0)
    await ec2
      .send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: missing }))
      .catch(unless('InvalidPermission.Duplicate'));
  if (stale.length > 0)
    await ec2
      .send(new RevokeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: stale }))
      .catch(unless('InvalidPermission.NotFound'));
}

function securityGroup<const Key extends SecurityGroupKey, const N extends Needs>(
  key: Key,
  needs: N & { vpc: typeof vpc },
  description: string,
  rules: (aws: Aws, groupId: string, needs: Record<string, { groupId: string }>) => Promise<Rule[]>,
) {
  return resource(key, needs, {
    type: 'AWS::EC2::SecurityGroup',
    typicalSeconds: { create: 2, destroy: 2 },
    async find({ seek }) {
      const found = await seek(securityGroups);
      return found && { groupId: found.GroupId! };
    },
    async create({ ec2, names, tagSpecifications }, known) {
      const { GroupId } = await ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: names[key],
          Description: description,
          VpcId: (known as unknown as { vpc: { vpcId: string } }).vpc.vpcId,
          TagSpecifications: tagSpecifications('security-group'),
        }),
      );
      return { groupId: GroupId! };
    },
    async finish(aws, { groupId }, known) {
      await setRules(aws, groupId, await rules(aws, groupId, known as never));
      return {};
    },
    async compare(aws, { groupId }, known) {
      const [found, wanted] = await Promise.all([aws.seek(securityGroups), rules(aws, groupId, known as never)]);
      return [
        ...ruleDifferences(found?.IpPermissions, wanted, () => setRules(aws, groupId, wanted)),
        ...ec2TagDifferences(aws, groupId, found?.Tags),
      ];
    },
    async destroy({ ec2 }, { groupId }) {
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId })).catch(unlessGone);
    },
  });
}

type SecurityGroupKey = 'publicSecurityGroup' | 'privateSecurityGroup' | 'efsSecurityGroup';

async function fromMe({ myCidrs }: Aws, ports: number[]): Promise<Rule[]> {
  return (await myCidrs()).flatMap((cidr) => ports.map((port) => ({ port, why: 'from my address', from: { cidr } })));
}

function wayIn(aws: Aws): Promise<Rule[]> {
  return fromMe(aws, aws.config.tls.mode === 'off' ? [22, 80] : [22, 80, 443]);
}

/** Opens the bastion's group for the address that I have now, and closes it for the one that I had. */
export async function renewWayIn(aws: Aws, groupId: string) {
  if (aws.config.access.myIp === 'auto') await setRules(aws, groupId, await wayIn(aws));
}

export const publicSecurityGroup = securityGroup(
  'publicSecurityGroup',
  { vpc },
  'airflow-aws: the bastion, from my address',
  wayIn,
);

// The tutorial adds the bastion's address here after STEP 9; a reference to its group says the same and outlives it.
const fromBastion = { 22: 'SSH jumps through the bastion', 80: 'the bastion passes requests to the load balancer' };
const amongNodes = {
  80: 'the load balancer reaches nginx',
  8080: 'tasks reach the execution API of Airflow',
  5555: 'Flower',
  8793: 'the API server reads logs of workers',
  8794: 'the API server reads logs of triggerers',
  3306: 'Aurora MySQL',
  6379: 'the cache',
};

export const privateSecurityGroup = securityGroup(
  'privateSecurityGroup',
  { vpc, publicSecurityGroup },
  'airflow-aws: nodes, load balancer, database and cache',
  async (_aws, groupId, { publicSecurityGroup }) => [
    ...rulesFrom(fromBastion, publicSecurityGroup!.groupId),
    ...rulesFrom(amongNodes, groupId),
  ],
);

export const efsSecurityGroup = securityGroup(
  'efsSecurityGroup',
  { vpc, privateSecurityGroup },
  'airflow-aws: the file system, from the nodes',
  async (_aws, _groupId, { privateSecurityGroup }) => rulesFrom({ 2049: 'NFS' }, privateSecurityGroup!.groupId),
);

function rulesFrom(ports: Record<number, string>, groupId: string): Rule[] {
  return Object.entries(ports).map(([port, why]) => ({ port: Number(port), why, from: { groupId } }));
}

export default step(7, 'Security groups', [publicSecurityGroup, privateSecurityGroup, efsSecurityGroup]);
