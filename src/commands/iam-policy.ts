import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Place } from '../aws.ts';
import { exitCodes, UserError, userError } from '../errors.ts';
import { names } from '../names.ts';
import type { Facts } from '../permissions.ts';
import { placeOf } from '../places.ts';
import { documentsOf, largestPolicy, type PolicyDocument, type Purpose, sizeOf, statementsFor } from '../policy.ts';
import { Traffic } from '../traffic.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFiles, type DeploymentFlags, openFiles, whoAmI } from './deployment.ts';
import { rehearse } from './rehearsal.ts';

export interface IamPolicyFlags extends DeploymentFlags {
  readonly for?: Purpose | 'all';
  readonly account?: string;
  readonly output?: string;
}

const purposes = ['up', 'status', 'destroy'] as const;

/** Prints the least that whoever runs `up`, `status` or `destroy` must be allowed, for these very settings. */
export async function iamPolicy(io: CommandIo, flags: IamPolicyFlags): Promise<number> {
  const files = await openFiles(io, flags);
  const { config } = files;
  const purpose = flags.for ?? 'all';
  const wanted = purpose === 'all' ? purposes : [purpose];
  const place = await placeFor(files, flags);
  const facts = factsFor(config, place);
  const found = await rehearse(config, wanted);
  const simulated = { ...place, accountId: '123456789012', partition: partitionOf(config.region) };
  const rehearsed = factsFor(found.config, simulated);
  const asked = wanted.flatMap((one) => found[one]);
  const documents = documentsOf(statementsFor(asked, { rehearsed, facts, purposes: wanted }));
  const policies = documents.map((document, index) => ({
    name: nameOf(config, purpose, documents.length === 1 ? undefined : index + 1),
    characters: sizeOf(document),
    document,
  }));
  if (flags.output !== undefined) write(resolve(io.directory, flags.output), policies);
  if (io.json) {
    const data = { for: purpose, name: config.name, account: place.accountId, region: place.region, policies };
    io.out(JSON.stringify({ version: 1, command: 'iam policy', ok: true, data }));
    return exitCodes.ok;
  }
  const [first] = documents;
  io.out(JSON.stringify(documents.length === 1 ? first : documents, null, 2));
  if (flags.quiet !== true) explainTo(io, policies, place);
  return exitCodes.ok;
}

function factsFor(config: DeploymentFiles['config'], place: Place): Facts {
  return { names: names(config, place.accountId), place, config };
}

/** The account by flag, by the state, or as STS says; an asterisk when nobody says it, since a policy must not need a log-in. */
async function placeFor({ config, state, world, io }: DeploymentFiles, { account }: IamPolicyFlags): Promise<Place> {
  const { region } = config;
  const partition = partitionOf(region);
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw userError({
      code: 'bad-flag',
      exitCode: exitCodes.usage,
      what: `--account ${account} is not an account of AWS.`,
      why: 'An account has a number of twelve digits.',
      fix: 'For example --account 123456789012.',
    });
  const known = account ?? state?.stack.account;
  if (known !== undefined) return { accountId: known, region, partition };
  try {
    return (await whoAmI({ world, traffic: new Traffic() })).place;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    io.note('Note: without a log-in the account is not known, and * stands for it. Give --account to name it.');
    return { accountId: '*', region, partition };
  }
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function nameOf({ name, region }: DeploymentFiles['config'], purpose: string, number: number | undefined): string {
  return [name, placeOf(region), 'airflow', purpose, ...(number === undefined ? [] : [number])].join('-');
}

interface Named {
  name: string;
  characters: number;
  document: PolicyDocument;
}

function write(folder: string, policies: readonly Named[]) {
  mkdirSync(folder, { recursive: true });
  for (const { name, document } of policies)
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(document, null, 2)}\n`);
}

function explainTo({ note }: CommandIo, policies: readonly Named[], { partition, accountId }: Place) {
  const sizes = policies.map(({ characters }) => characters).join(' and ');
  note('');
  if (policies.length === 1) note(`One managed policy of ${sizes} characters (IAM takes ${largestPolicy}).`);
  else
    note(
      `${policies.length} managed policies of ${sizes} characters, since IAM takes ${largestPolicy} in one. All of them must be attached; --output DIR writes each to a file.`,
    );
  for (const { name } of policies) {
    note(`  aws iam create-policy --policy-name ${name} --policy-document file://${name}.json`);
    note(
      `  aws iam attach-role-policy --role-name ROLE --policy-arn arn:${partition}:iam::${accountId}:policy/${name}`,
    );
  }
}
