import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { efsSecurityGroup, privateSecurityGroup, publicSecurityGroup } from '../../src/steps/07-security-groups.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf } from '../helpers/aws.ts';

const vpc = { vpcId: 'vpc-1' };
const open = { groupId: 'sg-public' };
const inner = { groupId: 'sg-private' };
const disk = { groupId: 'sg-efs' };

/** Each rule as `port source`, sorted. */
function rules(permissions: IpPermission[] | undefined): string[] {
  return (permissions ?? [])
    .flatMap(({ FromPort, ToPort, IpRanges = [], UserIdGroupPairs = [] }) =>
      [...IpRanges.map(({ CidrIp }) => CidrIp), ...UserIdGroupPairs.map(({ GroupId }) => GroupId)].map(
        (source) => `${FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`} ${source}`,
      ),
    )
    .sort();
}

const authorized = () => inputsOf(AuthorizeSecurityGroupIngressCommand).flatMap((one) => rules(one.IpPermissions));
const revoked = () => inputsOf(RevokeSecurityGroupIngressCommand).flatMap((one) => rules(one.IpPermissions));

function there(...IpPermissions: IpPermission[]) {
  ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ IpPermissions }] });
}

const fromCidrs = (port: number, ...cidrs: string[]): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: cidrs.map((CidrIp) => ({ CidrIp })),
  UserIdGroupPairs: [],
});

beforeEach(() => {
  ec2.on(AuthorizeSecurityGroupIngressCommand).resolves({});
  ec2.on(RevokeSecurityGroupIngressCommand).resolves({});
});

describe('security group find', () => {
  it('tells the three apart by their tags', async () => {
    const all = [publicSecurityGroup, privateSecurityGroup, efsSecurityGroup];
    ec2.on(DescribeSecurityGroupsCommand).resolves({
      SecurityGroups: all.map(({ key }) => ({ GroupId: `sg-${key}`, Tags: tagsOf(key) })),
    });
    for (const one of all) expect(await one.find(awsFor(one), {} as never)).toEqual({ groupId: `sg-${one.key}` });
  });

  it('knows it by its recorded id', async () => {
    ec2
      .on(DescribeSecurityGroupsCommand, { Filters: [{ Name: 'group-id', Values: ['sg-efs'] }] })
      .resolves({ SecurityGroups: [{ GroupId: 'sg-efs' }] });
    expect(await efsSecurityGroup.find(awsFor(efsSecurityGroup, { recorded: disk }), {} as never)).toEqual(disk);
  });
});

describe('security group create', () => {
  it.each([
    ['publicSecurityGroup', publicSecurityGroup, 'pms-sg-public'],
    ['privateSecurityGroup', privateSecurityGroup, 'pms-sg-private'],
    ['efsSecurityGroup', efsSecurityGroup, 'pms-sg-efs'],
  ] as const)('sends one call for %s, with its name and tags, and no rules yet', async (key, group, name) => {
    ec2.on(CreateSecurityGroupCommand).resolves({ GroupId: 'sg-1' });
    const needs = { vpc, publicSecurityGroup: open, privateSecurityGroup: inner };
    expect(await group.create(awsFor(group), needs)).toEqual({ groupId: 'sg-1' });
    expect(changes()).toEqual(['CreateSecurityGroup']);
    const [input] = inputsOf(CreateSecurityGroupCommand);
    expect(input).toMatchObject({ GroupName: name, VpcId: 'vpc-1' });
    expect(taggedIn(input)).toEqual({ 'security-group': key });
  });
});

describe('publicSecurityGroup finish', () => {
  it('lets my address in by SSH and HTTP(S), and nobody else', async () => {
    there();
    await publicSecurityGroup.finish!(awsFor(publicSecurityGroup), open, { vpc });
    expect(authorized()).toEqual(['22 203.0.113.7/32', '443 203.0.113.7/32', '80 203.0.113.7/32']);
    expect(changes()).toEqual(['AuthorizeSecurityGroupIngress']);
  });

  it('leaves port 443 closed without TLS', async () => {
    there();
    const aws = awsFor(publicSecurityGroup, { settings: { tls: { mode: 'off' } } });
    await publicSecurityGroup.finish!(aws, open, { vpc });
    expect(authorized()).toEqual(['22 203.0.113.7/32', '80 203.0.113.7/32']);
  });

  it('takes the address and the further ones from the settings', async () => {
    there();
    const aws = awsFor(publicSecurityGroup, {
      settings: { access: { myIp: '198.51.100.0/24', extraCidrs: ['192.0.2.8/32'] }, tls: { mode: 'off' } },
    });
    await publicSecurityGroup.finish!(aws, open, { vpc });
    expect(authorized()).toEqual(['22 192.0.2.8/32', '22 198.51.100.0/24', '80 192.0.2.8/32', '80 198.51.100.0/24']);
  });

  it('authorizes only the missing rules and revokes the stale', async () => {
    there(fromCidrs(22, '203.0.113.7/32', '198.51.100.9/32'), fromCidrs(443, '203.0.113.7/32'));
    await publicSecurityGroup.finish!(awsFor(publicSecurityGroup), open, { vpc });
    expect(authorized()).toEqual(['80 203.0.113.7/32']);
    expect(revoked()).toEqual(['22 198.51.100.9/32']);
  });

  it('changes nothing the second time', async () => {
    there(fromCidrs(22, '203.0.113.7/32'), fromCidrs(80, '203.0.113.7/32'), fromCidrs(443, '203.0.113.7/32'));
    await publicSecurityGroup.finish!(awsFor(publicSecurityGroup), open, { vpc });
    expect(changes()).toEqual([]);
  });

  it('takes a rule that another run added or removed meanwhile for done', async () => {
    there(fromCidrs(22, '198.51.100.9/32'));
    ec2.on(AuthorizeSecurityGroupIngressCommand).rejects(awsError('InvalidPermission.Duplicate'));
    ec2.on(RevokeSecurityGroupIngressCommand).rejects(awsError('InvalidPermission.NotFound'));
    expect(await publicSecurityGroup.finish!(awsFor(publicSecurityGroup), open, { vpc })).toEqual({});
  });
});

describe('privateSecurityGroup finish', () => {
  it('lets the bastion’s group and the group itself in, by reference and by port', async () => {
    there();
    await privateSecurityGroup.finish!(awsFor(privateSecurityGroup), inner, { vpc, publicSecurityGroup: open });
    expect(authorized()).toEqual(
      [
        ...[22, 80].map((port) => `${port} sg-public`),
        ...[80, 8080, 5555, 8793, 8794, 3306, 6379].map((port) => `${port} sg-private`),
      ].sort(),
    );
    expect(changes()).toEqual(['AuthorizeSecurityGroupIngress']);
  });
});

describe('efsSecurityGroup finish', () => {
  it('lets the nodes’ group in by NFS', async () => {
    there();
    await efsSecurityGroup.finish!(awsFor(efsSecurityGroup), disk, { vpc, privateSecurityGroup: inner });
    expect(authorized()).toEqual(['2049 sg-private']);
  });
});

describe('security group destroy', () => {
  it('takes not-found for success', async () => {
    ec2.on(DeleteSecurityGroupCommand).rejects(awsError('InvalidGroup.NotFound'));
    await privateSecurityGroup.destroy(awsFor(privateSecurityGroup), inner);
    expect(inputsOf(DeleteSecurityGroupCommand)).toEqual([{ GroupId: 'sg-private' }]);
  });

  it('throws while something uses it', async () => {
    ec2.on(DeleteSecurityGroupCommand).rejects(awsError('DependencyViolation'));
    await expect(privateSecurityGroup.destroy(awsFor(privateSecurityGroup), inner)).rejects.toThrow();
  });
});
