import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ec2 from '@aws-sdk/client-ec2';
import * as efs from '@aws-sdk/client-efs';
import * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import * as elasticache from '@aws-sdk/client-elasticache';
import * as iam from '@aws-sdk/client-iam';
import * as rds from '@aws-sdk/client-rds';
import * as s3 from '@aws-sdk/client-s3';
import * as quotas from '@aws-sdk/client-service-quotas';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { actionOf } from '../../src/iam-actions.ts';
import { grants } from '../../src/permissions.ts';
import {
  documentsOf,
  largestPolicy,
  type PolicyDocument,
  sizeOf,
  statementsFor,
  unknownActions,
} from '../../src/policy.ts';
import { parsePolicy } from '../../src/simulator/iam/documents.ts';
import { cli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { factsOf, printedPolicy, statementsOf } from '../helpers/policy.ts';

const clients = { ec2, rds, elasticache, efs, elbv2, s3, iam, ssm, sts, 'service-quotas': quotas };

/** Actions that are no call: what AWS asks beside one, and what S3 calls differently by its input. */
const withoutCall = ['iam:PassRole', 's3:DeleteObjectVersion', 's3:TagResource'];

const actions = new Set([
  ...withoutCall,
  ...Object.entries(clients).flatMap(([service, client]) =>
    Object.keys(client)
      .filter((name) => name.endsWith('Command'))
      .map((name) => actionOf(service, name.replace(/Command$/, ''))),
  ),
]);

const facts = factsOf(resolveConfig({}).config);

describe('iam policy', () => {
  test('prints documents that IAM takes, each small enough, with a name for each statement', {
    timeout: 120_000,
  }, async () => {
    const printed = await printedPolicy(temporaryFolder(), 'all');
    expect(printed.account).toBe('123456789012');
    for (const { characters, document } of printed.policies) {
      const text = JSON.stringify(document);
      expect(parsePolicy(text, 'identity').length).toBeGreaterThan(0);
      expect(characters).toBe(text.replace(/\s/g, '').length);
      expect(characters).toBeLessThanOrEqual(largestPolicy);
    }
    const statements = statementsOf(printed);
    expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
    expect(statements.map(({ Sid }) => Sid)).not.toContain('NotInTheTable');
  });

  test('says the account, the region, the names and the tag of these settings', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const args = [
      'iam',
      'policy',
      '--for',
      'status',
      '--account',
      '210987654321',
      '--region',
      'eu-west-1',
      '--name',
      'etl',
    ];
    const { stdout, stderr, code } = await cli(folder, [...args, '--zones', 'a,b', '--output', 'out']);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as PolicyDocument;
    expect(document.Version).toBe('2012-10-17');
    expect(stdout).toContain('"arn:aws:rds:eu-west-1:210987654321:cluster:etl-airflow-rds"');
    expect(stdout).toContain('"aws:RequestedRegion": "eu-west-1"');
    expect(stdout).not.toMatch(/pms|us-west-2|123456789012/);
    expect(stderr).toContain('aws iam create-policy --policy-name etl-ireland-airflow-status');
    expect(readdirSync(join(folder, 'out'))).toEqual(['etl-ireland-airflow-status.json']);
    expect(JSON.parse(readFileSync(join(folder, 'out', 'etl-ireland-airflow-status.json'), 'utf8'))).toEqual(document);
  });

  test('refuses what is no account and what is no command', async () => {
    const folder = temporaryFolder();
    expect((await cli(folder, ['iam', 'policy', '--account', '12'])).code).toBe(2);
    expect((await cli(folder, ['iam', 'policy', '--for', 'ssh'])).code).toBe(2);
    expect((await cli(folder, ['up', '--simulate', '--yes', '--policy', 'nothing.json'])).code).toBe(2);
  });
});

describe('the table of permissions', () => {
  test('has no action that AWS does not have', () => {
    const named = grants(facts).flatMap((grant) => grant.actions);
    expect(named.filter((action) => !actions.has(action))).toEqual([]);
    expect(actions.size).toBeGreaterThan(1000);
  });

  test('allows everything nowhere, and everything of one kind only to look or where AWS knows no resources', () => {
    for (const { sid, actions: allowed, resources, conditions } of grants(facts)) {
      expect(allowed.filter((action) => action.includes('*'))).toEqual([]);
      if (!resources.includes('*')) continue;
      expect(conditions, sid).toMatchObject({ StringEquals: { 'aws:RequestedRegion': 'us-west-2' } });
      const changing = allowed.filter((action) => !/:(Describe|Get|Decode)/.test(action));
      // The Service Authorization Reference has no resource type for it.
      expect(changing.filter((action) => action !== 'elasticfilesystem:CreateFileSystem')).toEqual([]);
    }
  });

  test('holds every creation to the deployment’s tag', () => {
    const creating =
      /:(Create(?!ServiceLinkedRole|Route$|MountTarget|NetworkInterface|DBClusterSnapshot)|Run|Allocate|Import|Put(Parameter))/;
    const untagged = grants(facts).filter(
      ({ actions: allowed, conditions }) =>
        allowed.some((action) => creating.test(action)) &&
        !/RequestTag|ResourceTag|ec2:Owner/.test(JSON.stringify(conditions ?? '')),
    );
    // Beside what is made: the group of parameters that AWS itself has for every cache.
    expect(untagged.map(({ sid }) => sid)).toEqual(['MakeTheCacheFrom']);
  });

  test('says in the policy what it lacks, and allows it everywhere', () => {
    const asked = [{ action: 'ec2:CreateFleet', resource: 'arn:aws:ec2:us-west-2:123456789012:fleet/*', context: {} }];
    expect(unknownActions(asked, facts)).toEqual(['ec2:CreateFleet']);
    const statements = statementsFor(asked, { rehearsed: facts, facts, purposes: [] });
    expect(statements).toEqual([{ Sid: 'NotInTheTable', Effect: 'Allow', Action: 'ec2:CreateFleet', Resource: '*' }]);
  });

  test('is put into as many documents as IAM’s limit wants, none of them larger', () => {
    const statement = { Sid: 'A', Effect: 'Allow' as const, Action: 'ec2:CreateVpc', Resource: 'x'.repeat(2000) };
    const documents = documentsOf(Array.from({ length: 7 }, () => statement));
    expect(documents.map(({ Statement }) => Statement.length)).toEqual([2, 2, 2, 1]);
    for (const document of documents) expect(sizeOf(document)).toBeLessThanOrEqual(largestPolicy);
  });
});
