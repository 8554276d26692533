import { createHash } from 'node:crypto';
import type { Parameter, ParameterTier, ParameterType } from '@aws-sdk/client-ssm';
import type { Scope } from '../account.ts';
import { publicImages } from '../ec2/public-images.ts';
import { zonesOf } from '../ec2/zones.ts';
import { refusal } from '../refusal.ts';
import type { Tags } from './tags.ts';

export interface ParameterVersionRow {
  version: number;
  value: string;
  type: ParameterType;
  tier: ParameterTier;
  dataType: string;
  keyId?: string;
  description?: string;
  allowedPattern?: string;
  labels: string[];
  /** Milliseconds. */
  modifiedAt: number;
}

export interface ParameterRow {
  name: string;
  /** Oldest first; at most a hundred. */
  versions: ParameterVersionRow[];
  tags: Tags;
}

export function parameterTable(scope: Scope) {
  return scope.table<ParameterRow>('ssm.parameters');
}

export function parameterNotFound(name?: string) {
  return refusal('ParameterNotFound', name === undefined ? '' : `Parameter ${name} not found.`);
}

/** A parameter is named by its name or by its ARN. */
export function plainName(scope: Scope, name: string): string {
  const prefix = scope.arn('ssm', 'parameter');
  if (!name.startsWith(prefix)) return name;
  const rest = name.slice(prefix.length);
  // The ARN of a name without a slash has one nevertheless.
  return parameterTable(scope).peek(rest.slice(1)) ? rest.slice(1) : rest;
}

export function parameterArn(scope: Scope, name: string): string {
  const separator = name.startsWith('/') ? '' : '/';
  const publicName = name.startsWith('/aws/');
  return scope.arn('ssm', `parameter${separator}${name}`, publicName ? { accountId: '' } : {});
}

function publicParameter(name: string, value: string, modifiedAt: number): ParameterRow {
  return {
    name,
    versions: [
      {
        version: 1,
        value,
        type: 'String',
        tier: 'Standard',
        dataType: value.startsWith('ami-') ? 'aws:ec2:image' : 'text',
        labels: [],
        modifiedAt,
      },
    ],
    tags: {},
  };
}

/** What AWS publishes for everybody in the region. */
export function publicParameters(scope: Scope): ParameterRow[] {
  const { region } = scope;
  const about = `/aws/service/global-infrastructure/regions/${region}`;
  const facts: Record<string, string> = {
    [about]: region,
    [`${about}/domain`]: 'amazonaws.com',
    [`${about}/partition`]: scope.partition,
  };
  for (const { id } of zonesOf(region)) facts[`/aws/service/global-infrastructure/availability-zones/${id}`] = id;
  for (const service of ['ec2', 'rds', 'elasticache', 'efs', 'elb', 's3', 'iam', 'sts', 'ssm'])
    facts[`${about}/services/${service}`] = service;
  return [
    ...publicImages(scope).map((image) => publicParameter(image.parameterName, image.imageId, image.creationDate)),
    ...Object.entries(facts).map(([name, value]) => publicParameter(name, value, Date.UTC(2025, 0, 1))),
  ];
}

/** The row of a parameter, the account's own or a public one. */
function findParameter(scope: Scope, name: string): ParameterRow | undefined {
  if (name.startsWith('/aws/')) return publicParameters(scope).find((row) => row.name === name);
  return parameterTable(scope).get(name);
}

export function requireParameter(scope: Scope, name = ''): ParameterRow {
  const row = findParameter(scope, plainName(scope, name));
  if (!row) throw parameterNotFound(name);
  return row;
}

/** The parameter and the version that `name`, `name:3` or `name:label` means. */
export function selected(
  scope: Scope,
  selector: string,
): { row: ParameterRow; version: ParameterVersionRow; selector?: string } {
  const full = plainName(scope, selector);
  const colon = full.lastIndexOf(':');
  const name = colon === -1 ? full : full.slice(0, colon);
  const which = colon === -1 ? undefined : full.slice(colon + 1);
  const row = findParameter(scope, name);
  if (!row) throw parameterNotFound(selector);
  if (which === undefined) return { row, version: row.versions.at(-1)! };
  const version = row.versions.find((one) => String(one.version) === which || one.labels.includes(which));
  if (!version)
    throw refusal(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${which} of ${name}. Verify the version and try again.`,
    );
  return { row, version, selector: `:${which}` };
}

/** What a SecureString shows to who does not ask for decryption. */
function ciphertext(name: string, { value, version }: ParameterVersionRow): string {
  const digest = createHash('sha512').update(`${name} ${version} ${value}`).digest();
  return `AQICAHh${Buffer.concat([digest, digest]).toString('base64')}`;
}

export function shownValue(name: string, version: ParameterVersionRow, withDecryption: boolean | undefined): string {
  return version.type === 'SecureString' && withDecryption !== true ? ciphertext(name, version) : version.value;
}

export function describeParameter(
  scope: Scope,
  { row, version, selector }: ReturnType<typeof selected>,
  withDecryption: boolean | undefined,
): Parameter {
  return {
    Name: row.name,
    Type: version.type,
    Value: shownValue(row.name, version, withDecryption),
    Version: version.version,
    LastModifiedDate: new Date(version.modifiedAt),
    ARN: parameterArn(scope, row.name),
    DataType: version.dataType,
    ...(selector === undefined ? {} : { Selector: selector }),
  };
}
