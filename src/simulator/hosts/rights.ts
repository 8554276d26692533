import type { GetInstanceProfileCommandOutput, SimulatePrincipalPolicyCommandOutput } from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import type { InstanceRow } from '../ec2/instances.ts';
import { ask } from './questions.ts';

interface Right {
  /** As `ssm:GetParameter`. */
  readonly action: string;
  readonly arn: string;
}

/** Why the server's role may not do something, or undefined when it may do all of it. */
export function rightsProblem(scope: Scope, instance: InstanceRow, rights: readonly Right[]): string | undefined {
  if (rights.length === 0) return undefined;
  const name = instance.iamInstanceProfileArn?.split('/').at(-1);
  if (name === undefined) return 'botocore.exceptions.NoCredentialsError: Unable to locate credentials';
  const profile = ask<GetInstanceProfileCommandOutput>(scope, 'iam', 'GetInstanceProfile', {
    InstanceProfileName: name,
  });
  const role = profile?.InstanceProfile?.Roles?.[0];
  if (!role) return 'botocore.exceptions.NoCredentialsError: Unable to locate credentials';
  for (const { action, arn } of rights) {
    const answer = ask<SimulatePrincipalPolicyCommandOutput>(scope, 'iam', 'SimulatePrincipalPolicy', {
      PolicySourceArn: role.Arn,
      ActionNames: [action],
      ResourceArns: [arn],
    });
    if (answer?.EvaluationResults?.[0]?.EvalDecision !== 'allowed')
      return `AccessDeniedException: ${role.RoleName} is not authorized to perform: ${action} on resource: ${arn}`;
  }
  return undefined;
}
