import type { Scope } from './account.ts';

/** Client packages that can be attached, by the service's name in the endpoint rules of AWS (`sdkId` in lower case). */
export type ServiceName =
  | 'ec2'
  | 'rds'
  | 'elasticache'
  | 'efs'
  | 'elbv2'
  | 's3'
  | 'iam'
  | 'sts'
  | 'ssm'
  | 'service-quotas'
  | 'pricing'
  | 'tagging';

export interface Operation {
  /** Members of the input that are understood. Any other is refused by name, so that nothing is silently ignored. */
  readonly parameters: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: the table of operations holds every input type of twelve clients.
  run(scope: Scope, input: any): unknown;
}

/** One AWS noun: the calls about it and what happens to it later by itself. */
export interface Noun {
  readonly service: ServiceName;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Run when their time comes; `details` is what was given to `scope.after`. Names are unique in the account. */
  // biome-ignore lint/suspicious/noExplicitAny: details come back from the account's file as plain data.
  readonly events?: Readonly<Record<string, (scope: Scope, details: any) => void>>;
}

type Result<Output> = Omit<Output, '$metadata'>;

/** Declares one call. `Input` and `Output` are the SDK's own command types. */
export function operation<Input extends object, Output extends object>(
  parameters: readonly (keyof Input & string)[],
  run: (scope: Scope, input: Input) => Result<Output>,
): Operation {
  return { parameters, run };
}
