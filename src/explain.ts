import { awsCode, classify, type ErrorClass, forbiddenAction, isAws, requestId } from './aws-errors.ts';
import { FailedLater } from './engine/run.ts';
import type { Failed } from './engine/step-lines.ts';
import { type ExitCode, exitCodes, UserError, userError } from './errors.ts';

/** What AWS told when it was asked about a failure. All of it may be unknown. */
export interface Learned {
  /** More about the reason, as whole sentences. */
  readonly why?: string;
  /** What to do about it, as a whole sentence. */
  readonly fix?: string;
  /** What was refused for lack of permission, as `ec2:RunInstances`. */
  readonly action?: string;
}

export interface Telling {
  readonly verb: 'creating' | 'destroying';
  /** Of the step. */
  readonly title: string;
  readonly stateFile: string;
  /** As a person types it: `airflow-aws up --resume`. */
  readonly goOn: string;
  /** As a person types it: `aws sso login --profile work`. */
  readonly login: string;
  readonly learned?: Learned;
}

interface Reading {
  exitCode: ExitCode;
  /** What the error means, in words; empty where AWS's own words are all there is. */
  means: string;
  fix: string;
}

const { failed, credentials, stopped } = exitCodes;

const readings: Record<ErrorClass, Reading> = {
  throttle: {
    exitCode: failed,
    means: 'AWS went on refusing calls because too many came in.',
    fix: 'Wait a minute.',
  },
  unclear: {
    exitCode: failed,
    means: 'AWS did not answer, or not clearly, however often it was asked.',
    fix: 'Check the network, the proxy and the AWS Health Dashboard.',
  },
  barred: {
    exitCode: failed,
    means:
      'Something between this machine and AWS bars the way: a proxy that refuses, or that shows a certificate of its own.',
    fix: 'Check HTTPS_PROXY and NO_PROXY with whoever runs the network; for a proxy’s own certificate set NODE_EXTRA_CA_CERTS to the file of its authority.',
  },
  offline: {
    exitCode: stopped,
    means: 'This machine has had no way to AWS for a while: no name service, no route, or nobody who listens there.',
    fix: 'Get back to a network, or check the proxy and AWS_ENDPOINT_URL.',
  },
  notVisible: {
    exitCode: failed,
    means: 'Something that this needs did not show for five minutes, or was deleted meanwhile.',
    fix: 'See "airflow-aws status" for what is there.',
  },
  iamPropagation: {
    exitCode: failed,
    means: 'EC2 did not learn of the new role and its profile within two minutes.',
    fix: 'Wait a few minutes; IAM is slow now and then.',
  },
  serviceLinkedRole: {
    exitCode: failed,
    means: 'The service has no service-linked role in this account yet, and could not make one.',
    fix: 'Allow iam:CreateServiceLinkedRole, or let an administrator run "aws iam create-service-linked-role --aws-service-name" with the service that AWS names.',
  },
  wrongState: {
    exitCode: failed,
    means: 'It stayed in a state in which AWS takes no such change.',
    fix: 'See "airflow-aws status"; what AWS itself is changing ends after a while.',
  },
  inUse: {
    exitCode: failed,
    means: 'Something that is not part of this deployment still uses it.',
    fix: 'Remove what uses it; AWS names it above, or the console does.',
  },
  capacity: {
    exitCode: failed,
    means: 'AWS has no free capacity of that class in that zone now, or does not sell it there.',
    fix: 'Choose another class or zone in airflow-aws.yaml, or wait a few minutes.',
  },
  quota: {
    exitCode: failed,
    means: 'A quota of the account is used up.',
    fix: 'Ask for more in the Service Quotas console, or remove what is not needed.',
  },
  identity: {
    exitCode: credentials,
    means: 'These credentials may not do that.',
    fix: 'Allow the action that AWS names in the policy of the credentials.',
  },
  expired: {
    exitCode: stopped,
    means: 'The credentials ran out during the run.',
    fix: 'Log in again.',
  },
  exists: {
    exitCode: failed,
    means: 'Something of that name exists and does not carry the tags of this deployment.',
    fix: 'Remove or rename it, or give this deployment another name.',
  },
  fatal: {
    exitCode: failed,
    means: '',
    fix: 'See AWS’s own words above.',
  },
};

/** Refusals of the same class that call for something else: by code, by AWS’s words, or by both. */
interface Special {
  kind: ErrorClass;
  codes?: string[];
  says?: RegExp;
  reading: Reading;
}

const special: Special[] = [
  {
    kind: 'identity',
    says: /service control policy/i,
    reading: {
      exitCode: credentials,
      means: 'A service control policy of the organisation forbids it, whatever the account itself allows.',
      fix: 'Ask whoever administers the AWS organisation, or use an account or a region in which it is allowed.',
    },
  },
  {
    kind: 'identity',
    says: /permissions boundary/i,
    reading: {
      exitCode: credentials,
      means: 'A permissions boundary forbids it, whatever the policies allow.',
      fix: 'Ask whoever set the boundary to widen it.',
    },
  },
  {
    kind: 'identity',
    codes: ['RequestTimeTooSkewed'],
    reading: wrongClock(),
  },
  {
    kind: 'identity',
    says: /signature (expired|not yet current)|\bskew|check your system clock/i,
    reading: wrongClock(),
  },
  {
    kind: 'identity',
    codes: ['InvalidClientTokenId', 'UnrecognizedClientException', 'AuthFailure'],
    reading: {
      exitCode: credentials,
      means:
        'AWS does not know these credentials: they are mistyped, switched off, of another partition, or the region is one that the account has not opted in to.',
      fix: 'Check the access key and AWS_PROFILE, or log in again; for a newer region, enable it in the console (Account, AWS Regions).',
    },
  },
  {
    kind: 'identity',
    codes: ['SignatureDoesNotMatch', 'InvalidSignatureException'],
    reading: {
      exitCode: credentials,
      means:
        'AWS knows the access key, and the secret key does not belong to it; or a proxy in between changed the call.',
      fix: 'Copy the secret access key again, whole, and see that this machine’s clock is right.',
    },
  },
  {
    kind: 'identity',
    codes: ['OptInRequired'],
    says: /marketplace|subscribe|accept terms/i,
    reading: {
      exitCode: credentials,
      means: 'The image is sold on AWS Marketplace, and the account has not subscribed to it.',
      fix: 'Accept its terms on the page that AWS names, or use the image of the default settings.',
    },
  },
  {
    kind: 'identity',
    codes: ['OptInRequired'],
    reading: {
      exitCode: credentials,
      means: 'The account may not use this service or region yet: it is not opted in, or has not finished signing up.',
      fix: 'Enable the region in the console (Account, AWS Regions), which takes some minutes, or choose another one.',
    },
  },
  {
    kind: 'identity',
    codes: ['PendingVerification'],
    reading: {
      exitCode: credentials,
      means: 'AWS is still verifying this account for the region, which is done within four hours as a rule.',
      fix: 'Wait for AWS’s e-mail.',
    },
  },
  {
    kind: 'identity',
    codes: ['Blocked'],
    reading: {
      exitCode: credentials,
      means: 'AWS has blocked this account.',
      fix: 'See the account’s e-mail for a word from AWS, and open a case with AWS Support (it costs nothing).',
    },
  },
  {
    kind: 'notVisible',
    codes: ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'],
    reading: {
      exitCode: failed,
      means: 'The image is not in this region, was withdrawn, or is not shared with this account.',
      fix: 'If it is the deployment’s own, "airflow-aws up" makes it again; otherwise leave the image to the default.',
    },
  },
  {
    kind: 'capacity',
    codes: ['InsufficientFreeAddressesInSubnet', 'NoFreeAddressesInSubnet'],
    reading: {
      exitCode: failed,
      means: 'The subnet has no free address left.',
      fix: 'Give the subnets larger ranges in airflow-aws.yaml, or remove what else is in them.',
    },
  },
  {
    kind: 'capacity',
    codes: ['Unsupported'],
    reading: {
      exitCode: failed,
      means: 'AWS does not sell that class in that zone.',
      fix: 'Choose another class or zone in airflow-aws.yaml; "airflow-aws doctor" knows which fit together.',
    },
  },
  {
    kind: 'fatal',
    codes: ['BucketAlreadyExists'],
    reading: {
      exitCode: failed,
      means: 'A bucket of that name belongs to another account; bucket names are unique in all of AWS.',
      fix: 'Give this deployment another name.',
    },
  },
  {
    kind: 'fatal',
    codes: ['InvalidAMIID.Malformed'],
    reading: {
      exitCode: failed,
      means: 'What was given as the image is not the id of one.',
      fix: 'Give an id like ami-0123456789abcdef0, or leave the image to the default.',
    },
  },
  {
    kind: 'fatal',
    codes: ['IdempotentParameterMismatch', 'InvalidParameterCombination', 'InvalidParameterValue', 'MissingParameter'],
    reading: {
      exitCode: failed,
      means: 'AWS does not take what it was asked for. Unless a setting is unusual, this is a defect of airflow-aws.',
      fix: 'Check the setting that AWS names, or report it with the output of --verbose.',
    },
  },
];

function wrongClock(): Reading {
  return {
    exitCode: credentials,
    means: 'AWS takes no call from a clock that is more than five minutes wrong.',
    fix: 'Set this machine’s clock (for example "timedatectl set-ntp true").',
  };
}

/** What AWS let fail by itself has the code of the reason, now and then with the guilty side before it. */
function asRefusal(error: unknown): unknown {
  return error instanceof FailedLater ? { name: error.awsCode.replace(/^(Server|Client)\./, '') } : error;
}

function readingOf(error: unknown): Reading {
  const refusal = asRefusal(error);
  const kind = classify(refusal);
  const message = (error as Error).message;
  const fits = (one: Special) =>
    one.kind === kind && (!one.codes || isAws(refusal, ...one.codes)) && (!one.says || one.says.test(message));
  return special.find(fits)?.reading ?? readings[kind];
}

/** The class of a failure, whether AWS refused the call or let what it had accepted fail. */
export function classOf(error: unknown): ErrorClass {
  return classify(asRefusal(error));
}

/** A failure of a run in words: what happened, AWS's own reason, what to do. The state is safe in any case. */
export function explain({ key, step, error }: Failed, telling: Telling): UserError {
  const { verb, title, stateFile, goOn } = telling;
  if (error instanceof UserError)
    return userError({
      ...error,
      what: error.what,
      step,
      resource: error.resource ?? key,
      resumable: true,
      cause: error,
    });
  const words = wordsFor(error, telling);
  return userError({
    ...words,
    code: 'step-failed',
    what: `STEP ${step} ${title}: ${verb} ${key} failed.`,
    fix: `${words.fix} Then run "${goOn}". What exists is recorded in ${stateFile}.`,
    step,
    resource: key,
    resumable: true,
  });
}

/** The same for a call outside of any resource: a look at the account before or after the work. */
export function explainCall(error: unknown, telling: Pick<Telling, 'login' | 'learned'>): UserError {
  const words = wordsFor(error, telling);
  return userError({
    ...words,
    code: 'call-failed',
    what: 'A question to AWS was not answered.',
    fix: `${words.fix} Then run the same command again.`,
    resumable: true,
  });
}

/** True for what AWS, the SDK or the network says; anything else is a defect of ours. */
export function isFromAws(error: unknown): boolean {
  return classify(error) !== 'fatal' || (error as { $metadata?: unknown } | undefined)?.$metadata !== undefined;
}

function wordsFor(error: unknown, { login, learned = {} }: Pick<Telling, 'login' | 'learned'>) {
  const { exitCode, means, fix } = readingOf(error);
  const kind = classOf(error);
  const later = error instanceof FailedLater;
  const code = later ? error.awsCode : awsCode(error);
  const message = (error as Error).message;
  const action = learned.action ?? forbiddenAction(error);
  const why = [
    later ? 'AWS accepted it and let it fail by itself, the second time too.' : '',
    kind === 'identity' && action !== undefined ? `These credentials may not call ${action}.` : means,
    kind === 'identity' && action !== undefined && means !== readings.identity.means ? means : '',
    learned.why ?? '',
    `AWS says ${code}: ${shortened(message)}`,
  ];
  return {
    exitCode,
    why: why.filter((line) => line !== '').join('\n'),
    fix: learned.fix ?? (fix === readings[kind].fix ? fixFor(kind, { action, login }) : undefined) ?? fix,
    awsCode: code,
    requestId: requestId(error),
    cause: error,
  };
}

function fixFor(kind: ErrorClass, { action, login }: { action: string | undefined; login: string }) {
  if (kind === 'expired') return `Log in again ("${login}").`;
  if (kind === 'identity' && action !== undefined) return allow(action);
  return undefined;
}

/** What to do about actions that are not allowed. */
export function allow(...actions: readonly string[]): string {
  return `Allow ${actions.join(', ')} in the policy of these credentials; "airflow-aws iam policy" prints one that suffices.`;
}

const encoded = /Encoded authorization failure message: ?([\w+/=-]+)/;

/** What EC2 encoded in a refusal, for `sts:DecodeAuthorizationMessage`. */
export function encodedIn(message: string): string | undefined {
  return encoded.exec(message)?.[1];
}

/** Hundreds of characters that only AWS can read help nobody. */
function shortened(message: string): string {
  return message.replace(encoded, '').trim();
}

/** The command that gives the profile new credentials where it uses AWS's sign-in, which is what most do. */
export function loginCommand(profile: string | undefined): string {
  return profile === undefined ? 'aws sso login' : `aws sso login --profile ${profile}`;
}
