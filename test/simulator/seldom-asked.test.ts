import { CreateVolumeCommand, DescribeVolumeStatusCommand } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, GetAccountSummaryCommand, IAMClient, ListAccountAliasesCommand } from '@aws-sdk/client-iam';
import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBParameterGroupCommand,
  DescribeDBClusterSnapshotAttributesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBParametersCommand,
  ModifyDBClusterSnapshotAttributeCommand,
  ModifyDBParameterGroupCommand,
  RDSClient,
  ResetDBParameterGroupCommand,
} from '@aws-sdk/client-rds';
import { DescribeDocumentCommand, ListDocumentsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { region, twoZones } from './two-zones.ts';

describe('the status of volumes', () => {
  it('is insufficient while the volume is made, and ok afterwards', async () => {
    const { account, ec2 } = await twoZones();
    const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'us-west-2a', Size: 8 }));
    const status = async () => {
      const { VolumeStatuses } = await ec2.send(new DescribeVolumeStatusCommand({ VolumeIds: [VolumeId!] }));
      return VolumeStatuses!.map((one) => one.VolumeStatus!.Status);
    };
    expect(await status()).toEqual(['insufficient-data']);
    await account.clock.sleep(60_000);
    expect(await status()).toEqual(['ok']);
  });

  it('is refused for a volume that is not there', async () => {
    const { ec2 } = await twoZones();
    const question = ec2.send(new DescribeVolumeStatusCommand({ VolumeIds: ['vol-0123456789abcdef0'] }));
    await expect(question).rejects.toMatchObject({ name: 'InvalidVolume.NotFound' });
  });
});

describe('parameter groups of database instances', () => {
  const DBParameterGroupName = 'pms-mysql';
  async function groups() {
    const rds = simulatedAccount().attach(new RDSClient({ region, maxAttempts: 1 }));
    const create = () =>
      rds.send(
        new CreateDBParameterGroupCommand({
          DBParameterGroupName,
          DBParameterGroupFamily: 'aurora-mysql8.0',
          Description: 'ours',
        }),
      );
    await create();
    const ourValueOf = async (name: string) => {
      const { Parameters } = await rds.send(new DescribeDBParametersCommand({ DBParameterGroupName, Source: 'user' }));
      return Parameters!.find(({ ParameterName }) => ParameterName === name)?.ParameterValue;
    };
    return { rds, create, ourValueOf };
  }

  it('are changed, set back and deleted', async () => {
    const { rds, ourValueOf } = await groups();
    const Parameters = [{ ParameterName: 'long_query_time', ParameterValue: '2', ApplyMethod: 'immediate' as const }];
    await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }));
    expect(await ourValueOf('long_query_time')).toBe('2');
    await rds.send(new ResetDBParameterGroupCommand({ DBParameterGroupName, ResetAllParameters: true }));
    expect(await ourValueOf('long_query_time')).toBeUndefined();
    await rds.send(new DeleteDBParameterGroupCommand({ DBParameterGroupName }));
    await expect(rds.send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName }))).rejects.toMatchObject({
      name: 'DBParameterGroupNotFoundFault',
      Code: 'DBParameterGroupNotFound',
    });
  });

  it('refuse a second one of the name, a static parameter at once, and changes of a default group', async () => {
    const { rds, create } = await groups();
    await expect(create()).rejects.toMatchObject({ Code: 'DBParameterGroupAlreadyExists' });
    const modify = (name: string, ParameterName: string, ParameterValue: string) =>
      rds.send(
        new ModifyDBParameterGroupCommand({
          DBParameterGroupName: name,
          Parameters: [{ ParameterName, ParameterValue, ApplyMethod: 'immediate' }],
        }),
      );
    await expect(modify(DBParameterGroupName, 'performance_schema', '1')).rejects.toMatchObject({
      Code: 'InvalidParameterCombination',
    });
    await expect(modify('default.aurora-mysql8.0', 'long_query_time', '2')).rejects.toMatchObject({
      Code: 'InvalidDBParameterGroupState',
    });
  });
});

describe('who may restore a cluster’s snapshot', () => {
  it('is nobody else until it is shared, and then the accounts that were named', async () => {
    const { account, subnetA, subnetC } = await twoZones();
    const rds = account.attach(new RDSClient({ region }));
    const subnets = { DBSubnetGroupDescription: 'Private', SubnetIds: [subnetA, subnetC] };
    await rds.send(new CreateDBSubnetGroupCommand({ DBSubnetGroupName: 'pms', ...subnets }));
    await rds.send(
      new CreateDBClusterCommand({
        DBClusterIdentifier: 'c',
        Engine: 'aurora-mysql',
        MasterUsername: 'admin',
        MasterUserPassword: 'correct-horse',
        DBSubnetGroupName: 'pms',
      }),
    );
    await account.clock.sleep(600_000);
    const DBClusterSnapshotIdentifier = 's';
    await rds.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: 'c', DBClusterSnapshotIdentifier }));
    const share = (ValuesToAdd: string[]) =>
      rds.send(
        new ModifyDBClusterSnapshotAttributeCommand({
          DBClusterSnapshotIdentifier,
          AttributeName: 'restore',
          ValuesToAdd,
        }),
      );
    const sharedWith = async () => {
      const answer = await rds.send(new DescribeDBClusterSnapshotAttributesCommand({ DBClusterSnapshotIdentifier }));
      return answer.DBClusterSnapshotAttributesResult!.DBClusterSnapshotAttributes![0]!.AttributeValues;
    };
    expect(await sharedWith()).toEqual([]);
    await expect(share(['210987654321'])).rejects.toMatchObject({ name: 'InvalidDBClusterSnapshotStateFault' });
    await account.clock.sleep(600_000);
    await expect(share(['everybody'])).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await share(['210987654321']);
    expect(await sharedWith()).toEqual(['210987654321']);
  });
});

describe('IAM’s summary of the account', () => {
  it('counts what is there', async () => {
    const iam = simulatedAccount().attach(new IAMClient({ region, maxAttempts: 1 }));
    const roles = async () => (await iam.send(new GetAccountSummaryCommand({}))).SummaryMap!.Roles!;
    const before = await roles();
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    await iam.send(new CreateRoleCommand({ RoleName: 'nodes', AssumeRolePolicyDocument }));
    expect(await roles()).toBe(before + 1);
    expect((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases).toEqual([]);
  });
});

describe('documents of Systems Manager', () => {
  it('are Amazon’s own, found by the start of their name, and others do not exist', async () => {
    const ssm = simulatedAccount().attach(new SSMClient({ region, maxAttempts: 1 }));
    const { DocumentIdentifiers } = await ssm.send(
      new ListDocumentsCommand({ Filters: [{ Key: 'Name', Values: ['AWS-Start'] }] }),
    );
    expect(DocumentIdentifiers!.map(({ Name }) => Name).toSorted()).toEqual([
      'AWS-StartPortForwardingSession',
      'AWS-StartSSHSession',
    ]);
    const { Document } = await ssm.send(new DescribeDocumentCommand({ Name: 'AWS-RunShellScript' }));
    expect(Document).toMatchObject({ DocumentType: 'Command', Status: 'Active' });
    await expect(ssm.send(new DescribeDocumentCommand({ Name: 'Mine' }))).rejects.toMatchObject({
      name: 'InvalidDocument',
    });
  });
});
