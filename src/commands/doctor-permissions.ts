import { type EvaluationResult, GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { awsCode } from '../aws-errors.ts';
import { type Grant, grants } from '../permissions.ts';
import type { Deployment } from './deployment.ts';
import type { Finding } from './finding.ts';

const name = 'permissions';

type Asking = Pick<Deployment, 'clients' | 'callerArn' | 'names' | 'place' | 'config'>;

/** Asks IAM whether whoever runs this may do all that `up` and `destroy` do. Nothing of it is tried. */
export async function permissionFindings(deployment: Asking): Promise<Finding[]> {
  const { callerArn } = deployment;
  if (/:root$/.test(callerArn))
    return [
      {
        name,
        severity: 'warning',
        what: 'These are credentials of the account’s root user, who may do everything.',
        fix: 'Use a user or a role of IAM Identity Center or IAM, so that a leaked key can be limited and taken back.',
      },
    ];
  let results: EvaluationResult[];
  try {
    results = await simulate(deployment);
  } catch (error) {
    return [
      {
        name,
        severity: 'warning',
        what: `They could not be looked at (${awsCode(error)}).`,
        fix: 'Nothing, if "up" works; otherwise allow iam:SimulatePrincipalPolicy and iam:GetRole to see what is missing.',
      },
    ];
  }
  return judged(results);
}

export function judged(results: readonly EvaluationResult[]): Finding[] {
  const actions = (list: readonly EvaluationResult[]) =>
    [...new Set(list.map(({ EvalActionName = '' }) => EvalActionName))].sort().join(', ');
  const denied = results.filter(({ EvalDecision }) => EvalDecision !== 'allowed');
  // A policy with conditions on tags cannot be judged without the request that it is about.
  const depends = denied.filter(
    ({ EvalDecision, MissingContextValues = [] }) => EvalDecision === 'implicitDeny' && MissingContextValues.length > 0,
  );
  const missing = denied.filter((one) => !depends.includes(one));
  const findings: Finding[] = [];
  if (missing.length > 0)
    findings.push({
      name,
      severity: 'error',
      what: `Not allowed: ${actions(missing)}.`,
      fix: 'Give whoever runs this the policy that "airflow-aws iam policy" prints, or use other credentials (--profile).',
    });
  if (depends.length > 0)
    findings.push({
      name,
      severity: 'warning',
      what: `It depends on conditions that IAM cannot judge beforehand: ${actions(depends)}.`,
      fix: 'Nothing, if the policy is limited by region and tags on purpose.',
    });
  if (findings.length > 0) return findings;
  const count = new Set(results.map(({ EvalActionName }) => EvalActionName)).size;
  return [{ name, severity: 'ok', what: `All ${count} actions that up and destroy need are allowed.` }];
}

/** Each row of the table, with the context that a run would give: what its conditions ask for. */
async function simulate(deployment: Asking): Promise<EvaluationResult[]> {
  const PolicySourceArn = await principalArn(deployment);
  const results = await Promise.all(grants(deployment).map((grant) => simulateOne(deployment, PolicySourceArn, grant)));
  return results.flat();
}

async function simulateOne(
  { clients, place, config }: Asking,
  PolicySourceArn: string,
  { actions, resources, conditions = {} }: Grant,
): Promise<EvaluationResult[]> {
  const context: Record<string, string | readonly string[]> = {
    'aws:RequestedRegion': place.region,
    'aws:RequestTag/airflow-aws:name': config.name,
    'aws:ResourceTag/airflow-aws:name': config.name,
    ...Object.assign({}, ...Object.values(conditions)),
  };
  const ContextEntries = Object.entries(context).map(([ContextKeyName, given]) => ({
    ContextKeyName,
    ContextKeyValues: typeof given === 'string' ? [given] : [...given].slice(0, 1),
    ContextKeyType: 'string' as const,
  }));
  const results: EvaluationResult[] = [];
  let Marker: string | undefined;
  do {
    const page = await clients.iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn,
        ActionNames: [...actions],
        ResourceArns: [...resources],
        ContextEntries,
        ...(Marker === undefined ? {} : { Marker }),
      }),
    );
    results.push(...(page.EvaluationResults ?? []));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker !== undefined);
  return results;
}

/** STS names the session; IAM wants the role behind it, whose path only IAM knows. */
async function principalArn({ clients, callerArn }: Asking): Promise<string> {
  const RoleName = /:assumed-role\/([^/]+)\//.exec(callerArn)?.[1];
  if (RoleName === undefined) return callerArn;
  const { Role } = await clients.iam.send(new GetRoleCommand({ RoleName }));
  return Role!.Arn!;
}
