import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, test } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { nodeFinding, skewFinding } from '../../src/commands/doctor-machine.ts';
import { judged, permissionFindings } from '../../src/commands/doctor-permissions.ts';
import type { Finding } from '../../src/commands/finding.ts';
import { resolveConfig } from '../../src/config.ts';
import { names } from '../../src/names.ts';
import { cli } from '../helpers/cli.ts';
import { simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

async function examined(directory: string, flags: Record<string, unknown> = {}) {
  const io = ioIn(directory, { json: true });
  const exitCode = await doctor(io, { simulate: true, ...flags });
  const { checks } = io.data<{ checks: Finding[] }>();
  return { exitCode, checks, of: (name: string) => checks.filter((one) => one.name === name) };
}

describe('doctor', () => {
  test('a rehearsal’s account is well, before and after it is built', async () => {
    const folder = temporaryFolder();
    const before = await examined(folder);
    expect(before.exitCode).toBe(0);
    expect(before.checks.filter(({ severity }) => severity === 'error')).toEqual([]);
    const looked = before.checks.map(({ name }) => name);
    expect(looked).toEqual(
      expect.arrayContaining([
        ...['Node', 'ssh', 'disk', 'credentials', 'permissions', 'zones and instance types', 'database class'],
        ...['cache engine', 'vCPU quota', 'address quota', 'VPC quota'],
      ]),
    );
    await simulatedUp(folder, { until: '5' });
    expect((await examined(folder)).exitCode).toBe(0);
  });

  test('what up would refuse is an error with its fix, exit 5', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'airflow-aws.yaml'), 'version: 1\nzones: [a, z]\n');
    const { exitCode, of } = await examined(folder);
    expect(exitCode).toBe(5);
    expect(of('zones and instance types')).toEqual([
      expect.objectContaining({ severity: 'error', what: expect.stringContaining('us-west-2z') }),
    ]);
    expect(of('zones and instance types')[0]!.fix).toContain('zones');
  });

  test('what cannot be looked at is a warning and no error', async () => {
    const { exitCode, of } = await examined(temporaryFolder(), { fault: ['DescribeCacheEngineVersions:AccessDenied'] });
    expect(exitCode).toBe(0);
    expect(of('cache engine')[0]).toMatchObject({ severity: 'warning', what: expect.stringContaining('AccessDenied') });
  });

  test('without credentials or with wrong settings it still looks at the machine', async () => {
    const folder = temporaryFolder();
    const none = await cli(folder, ['doctor', '--json']);
    expect(none.code).toBe(5);
    const { checks, ok, error } = { ...JSON.parse(none.stdout), ...JSON.parse(none.stdout).data };
    expect({ ok, code: error.code }).toEqual({ ok: false, code: 'doctor' });
    expect(checks.map(({ name, severity }: Finding) => `${name} ${severity}`)).toEqual(
      expect.arrayContaining(['disk ok', 'credentials error']),
    );
    writeFileSync(join(folder, 'airflow-aws.yaml'), 'version: 1\nzones: [a, a]\n');
    expect((await examined(folder)).of('settings')).toHaveLength(1);
  });
});

describe('this machine', () => {
  test('Node is too old, old, or well', () => {
    expect(nodeFinding('18.20.0')).toMatchObject({ severity: 'error', fix: expect.stringContaining('20.17') });
    expect(nodeFinding('20.16.1').severity).toBe('error');
    expect(nodeFinding('20.17.0').severity).toBe('warning');
    expect(nodeFinding('24.1.0').severity).toBe('ok');
  });

  test('a clock is judged by what AWS would say to it', () => {
    expect(skewFinding(1.4).severity).toBe('ok');
    expect(skewFinding(-90)).toMatchObject({ severity: 'warning', what: expect.stringContaining('90 s behind') });
    expect(skewFinding(280)).toMatchObject({ severity: 'error', what: expect.stringContaining('280 s ahead') });
  });
});

describe('permissions', () => {
  const config = resolveConfig({}).config;
  const place = { accountId: '123456789012', region: 'us-west-2', partition: 'aws' };
  const asking = { config, place, names: names(config, place.accountId), clients: { iam: new IAMClient({}) } as never };

  test('a denied action is an error that names it; one that hangs on tags is a warning', () => {
    const allowed = { EvalActionName: 'ec2:CreateVpc', EvalDecision: 'allowed' } as const;
    const denied = { EvalActionName: 'rds:CreateDBCluster', EvalDecision: 'implicitDeny' } as const;
    const byTag = {
      EvalActionName: 'ec2:DeleteVpc',
      EvalDecision: 'implicitDeny',
      MissingContextValues: ['aws:ResourceTag/team'],
    } as const;
    expect(judged([allowed]).map(({ severity }) => severity)).toEqual(['ok']);
    const findings = judged([allowed, denied, { ...byTag, MissingContextValues: [...byTag.MissingContextValues] }]);
    expect(findings.map(({ severity, what }) => `${severity}: ${what}`)).toEqual([
      'error: Not allowed: rds:CreateDBCluster.',
      expect.stringMatching(/^warning: .*ec2:DeleteVpc/),
    ]);
  });

  test('a session is asked about by the role behind it, whose path IAM tells', async () => {
    const iam = mockClient(IAMClient);
    const Arn = 'arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Admin';
    iam.on(GetRoleCommand, { RoleName: 'Admin' }).resolves({ Role: { Arn } as never });
    iam.on(SimulatePrincipalPolicyCommand).resolves({ EvaluationResults: [] });
    await permissionFindings({ ...asking, callerArn: 'arn:aws:sts::123456789012:assumed-role/Admin/me' });
    const asked = iam.commandCalls(SimulatePrincipalPolicyCommand).map(({ args }) => args[0].input.PolicySourceArn);
    expect(new Set(asked)).toEqual(new Set([Arn]));
    iam.restore();
  });

  test('whoever may not ask IAM gets a warning, and the root user a word of advice', async () => {
    const iam = mockClient(IAMClient);
    iam.on(SimulatePrincipalPolicyCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    const [unknown] = await permissionFindings({ ...asking, callerArn: 'arn:aws:iam::123456789012:user/me' });
    expect(unknown).toMatchObject({ severity: 'warning', what: expect.stringContaining('AccessDenied') });
    const [root] = await permissionFindings({ ...asking, callerArn: 'arn:aws:iam::123456789012:root' });
    expect(root).toMatchObject({ severity: 'warning', what: expect.stringContaining('root') });
    iam.restore();
  });
});
