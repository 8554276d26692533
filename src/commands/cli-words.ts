import { quote } from '../hosts/quote.ts';

/** The AWS CLI's names of the services, by the name of the SDK's client. */
const services: Readonly<Record<string, string>> = {
  ec2: 'ec2',
  rds: 'rds',
  elasticache: 'elasticache',
  efs: 'efs',
  elbv2: 'elbv2',
  s3: 's3api',
  iam: 'iam',
  ssm: 'ssm',
};

/** A name as the AWS CLI writes it: `DBClusterIdentifier` → `db-cluster-identifier`, `TargetGroupARNs` → `…-arns`. */
export function cliName(name: string): string {
  return name
    .replace(/[A-Z]{2,}s$/, (plural) => `-${plural.toLowerCase()}`)
    .replace(/(.)([A-Z][a-z]+)/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/-+/g, '-')
    .replace(/^-/, '');
}

/** The command of the AWS CLI that makes the call. Tokens are left out: the CLI makes its own. */
export function cliCommand(service: string, operation: string, input: object): string {
  const { MinCount, MaxCount, ...rest } = input as Record<string, unknown>;
  // The CLI has one word for both.
  const counts =
    MinCount === undefined ? [] : [`--count ${MinCount === MaxCount ? MinCount : `${MinCount}:${MaxCount}`}`];
  const flags = Object.entries(rest)
    .filter(([name, value]) => value !== undefined && !/^(ClientToken|CreationToken|ClientRequestToken)$/.test(name))
    .map(([name, value]) => flag(name, value));
  return ['aws', services[service] ?? service, cliName(operation), ...counts, ...flags].join(' ');
}

function flag(name: string, value: unknown): string {
  const words = cliName(name);
  if (value === true) return `--${words}`;
  if (value === false) return `--no-${words}`;
  if (value instanceof Uint8Array) return `--${words} ${quote(Buffer.from(value).toString())}`;
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object'))
    return `--${words} ${value.map((one) => word(String(one))).join(' ')}`;
  return `--${words} ${typeof value === 'object' ? quote(JSON.stringify(value)) : word(String(value))}`;
}

function word(text: string): string {
  return /^[\w./:,=@%+-]+$/.test(text) ? text : quote(text);
}
