import { beforeAll, describe, expect, test } from 'vitest';
import { simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { tablesOf } from '../helpers/inventory.ts';

type Row = Record<string, unknown>;

describe('a finished account, looked at from outside', () => {
  let rows: (table: string) => Row[];

  beforeAll(async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder);
    const tables = Object.values(tablesOf(folder));
    rows = (table) => tables.flatMap((one) => Object.values(one[table] ?? {}));
  }, 120_000);

  test('has no rule that lets in the whole internet', () => {
    const inbound = rows('ec2.securityGroupRules').filter(({ isEgress }) => isEgress === false);
    expect(inbound.length).toBeGreaterThan(10);
    const open = inbound.filter(({ cidrIpv4, cidrIpv6 }) => /\/0$/.test(String(cidrIpv4 ?? cidrIpv6 ?? '')));
    expect(open).toEqual([]);
    // By address only from where the user sits; everything else is by group.
    expect(new Set(inbound.map(({ cidrIpv4 }) => cidrIpv4).filter((one) => one !== undefined))).toEqual(
      new Set(['203.0.113.10/32']),
    );
  });

  test('opens itself to the whole internet only where a setting says so', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '7', accessMyIp: '0.0.0.0/0' });
    const open = Object.values(tablesOf(folder))
      .flatMap((one) => Object.values(one['ec2.securityGroupRules'] ?? {}))
      .filter(({ isEgress, cidrIpv4 }) => isEgress === false && cidrIpv4 === '0.0.0.0/0');
    expect(open.map(({ fromPort }) => fromPort).sort()).toEqual([22, 443, 80]);
  });

  test('has instances that answer to version 2 of the metadata service alone', () => {
    expect(rows('ec2.instances').map(({ metadataOptions }) => (metadataOptions as Row).httpTokens)).toEqual([
      'required',
      'required',
      'required',
    ]);
  });

  test('keeps everything encrypted where it lies', () => {
    const encrypted: [table: string, of: (row: Row) => unknown][] = [
      ['ec2.volumes', ({ encrypted }) => encrypted],
      ['ec2.snapshots', ({ encrypted }) => encrypted],
      ['ec2.images', ({ devices }) => (devices as Row[]).every(({ encrypted }) => encrypted === true)],
      ['rds.clusters', ({ shown }) => (shown as Row).StorageEncrypted],
      ['rds.instances', ({ shown }) => (shown as Row).StorageEncrypted],
      ['elasticache.replicationGroups', ({ atRestEncryption }) => atRestEncryption],
      ['efs.fileSystems', (row) => row.encrypted],
      ['s3.buckets', ({ settings }) => (settings as Row).encryption !== undefined],
      ['ssm.parameters', ({ type, versions }) => JSON.stringify([type, versions]).includes('SecureString')],
    ];
    for (const [table, of] of encrypted) {
      expect(rows(table).length, table).toBeGreaterThan(0);
      expect(rows(table).map(of), table).toEqual(rows(table).map(() => true));
    }
  });

  test('lets nobody at the bucket who is not of the account or comes without TLS, and nothing at the data from outside', () => {
    const [bucket] = rows('s3.buckets');
    expect(Object.values((bucket!.settings as { publicAccessBlock: object }).publicAccessBlock)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const { policy } = bucket!.settings as { policy: string };
    expect(JSON.parse(policy).Statement).toEqual([
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [`arn:aws:s3:::${bucket!.name}`, `arn:aws:s3:::${bucket!.name}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
    expect(rows('elasticache.replicationGroups').map(({ transitEncryptionMode }) => transitEncryptionMode)).toEqual([
      'required',
    ]);
    expect(rows('rds.instances').map(({ shown }) => (shown as Row).PubliclyAccessible)).toEqual([false]);
    expect(rows('ec2.instances').filter(({ publicIpAddress }) => publicIpAddress !== undefined)).toHaveLength(1);
  });

  test('lets the nodes’ role at its own bucket and parameters, and at nothing else', () => {
    const role = rows('iam.roles').find(({ roleName }) => roleName === 'pms-oregon-airflow-role')!;
    expect(role.attachedPolicies).toEqual([]);
    const documents = Object.values(role.inlinePolicies as Record<string, string>).map((text) => JSON.parse(text));
    const statements = documents.flatMap(({ Statement }) => Statement as { Action: string[]; Resource: string }[]);
    const resources = statements.map(({ Resource }) => Resource);
    expect(
      resources.every((one) =>
        /^arn:aws:(s3:::pms-oregon-bucket-|ssm:us-west-2:123456789012:parameter\/airflow-aws\/pms\/)/.test(one),
      ),
    ).toBe(true);
    expect(statements.flatMap(({ Action }) => Action).filter((one) => one.includes('*'))).toEqual([]);
  });
});
