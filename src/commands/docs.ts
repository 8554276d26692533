import { printValue, settings, updatePolicies } from '../config.ts';
import { exitCodes } from '../errors.ts';
import { prices } from '../prices.ts';
import { hanging } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';

export const topics = ['settings', 'resume', 'cost', 'security', 'teams', 'rehearsal', 'exit-codes'] as const;
type Topic = (typeof topics)[number];

/** Prints one short page; without a topic, what there is. */
export function docs(io: CommandIo, topic: Topic | undefined): number {
  const width = Math.min(io.columns ?? 100, 100);
  const text = topic === undefined ? contents(width) : pages[topic](width);
  io.out(io.json ? JSON.stringify({ version: 1, command: 'docs', ok: true, data: { topic, text } }) : text);
  return exitCodes.ok;
}

const titles: Record<Topic, string> = {
  settings: 'every setting, where it may be given, and its default',
  resume: 'what happens when a run is cut off, and how to go on',
  cost: 'what costs what, and how to spend less',
  security: 'who can reach what, and where the secrets are',
  teams: 'one deployment, several people: the state in S3',
  rehearsal: 'the whole thing without an account, bad days included',
  'exit-codes': 'what the process ends with, for scripts',
};

function contents(width: number): string {
  return topics.map((topic) => hanging(`${topic.padEnd(12)}`, titles[topic], width)).join('\n');
}

const pages: Record<Topic, (width: number) => string> = {
  settings: settingsPage,
  resume: prose(`
RESUME

The state file (.airflow-aws/state.json) is written before and after every change: first the intention with its token and time, then the id as soon as AWS has given it, before any wait. So whatever ends a run, nothing that was made is forgotten.

  airflow-aws up --resume     goes on where the run stopped
  airflow-aws destroy         takes away what there is
  airflow-aws status          says what is really there

Ctrl-C once: nothing new is started, calls on their way are finished, and the run ends with exit code 7. Ctrl-C twice: it stops at once. Both can be gone on with, and so can a power cut, an expired log-in or a full disk.

What was in the middle of being made is looked for in the account, at least twice and at least half a minute after the call, before it is made again; AWS's own lists lag behind that much.

The state file is lost? "airflow-aws state rebuild" makes it again from the tags and names in the account. It is damaged? The previous copy is beside it as state.json.previous. A run that is gone still holds the lock? "airflow-aws state unlock" says whose it is and releases it.
`),
  cost: prose(`
COST

  airflow-aws cost            the price list of the settings, and what was spent so far
  airflow-aws orphans         what an earlier deployment left behind, with its price a day

Every figure is AWS's list price of ${prices.asOf} for ${prices.region}, for what bills by the hour. Traffic (0.045 dollars a GB through the NAT gateway), load balancer capacity, requests to the database and what you store come on top; another region charges otherwise.

A deployment bills as long as it exists, used or not. The NAT gateway, the two nodes and the database are most of it. To spend less: "init --preset dev" takes smaller servers; a deployment that is not needed overnight is cheapest destroyed, and built again in a quarter of an hour.

"airflow-aws destroy" ends with an audit of the account, and with exit code 8 if anything is left that bills.
`),
  security: prose(`
SECURITY

Who can reach what. The bastion is the one server with a public address, and its security group lets in your own address alone (access.myIp, access.extraCidrs), for SSH and the browser. The nodes, the database, the cache and the file system are in private subnets; their groups let in what needs them, by reference to its group and by port.

SSH goes through the bastion with a key that was made on this machine and never leaves it (.airflow-aws/*-key.pem). Host keys are pinned by instance at first sight. "airflow-aws ssh", "logs" and "airflow" use a configuration of their own, and none of yours.

Secrets are made once and live in SSM Parameter Store, encrypted; the nodes read them when their services start, into memory. None is ever in the state file, a log, a command line, a template or an image. "airflow-aws up" ends with the command that shows the passwords.

Everything that can be encrypted is: volumes, database, cache, file system and bucket at rest, and the ways to them. Instances take version 2 of the metadata service only. The nodes' role may use the deployment's own bucket, parameters and file system, and nothing else.

"airflow-aws iam policy --for up" (or status, destroy) prints the least that whoever runs it must be allowed, for these very settings: the actions that a rehearsal was asked for, by ARN, by the deployment's tag and by region. "--simulate --policy FILE" rehearses with a policy held against every call.

There is no telemetry of any kind.
`),
  teams: prose(`
TEAMS

The state of a deployment is in .airflow-aws/ of one folder, unless the setting state names a place in S3, which everybody who works on the deployment then shares:

  airflow-aws state migrate s3://our-states/pms     moves it there; "state migrate local" moves it back
  state: s3://our-states/pms                        in airflow-aws.yaml, from then on, for everybody

One prefix is one deployment. A bucket that is not there is offered, or made with --create-state-bucket: versioned, private, encrypted, over TLS alone. Earlier states are earlier versions of the object. No destroy ever removes the bucket.

One run works at a time. It holds the lock beside the state (lock.json), which says whose it is, and writes it every 20 seconds; a lock that was not written for two minutes, by S3's own clock, is taken over. "--lock-wait 10m" waits for it. A run that lost its lock, on a laptop that slept for an hour, is stopped by its next record with exit code 7: every write is made only over what the run has seen, so nothing of the other's is ever overwritten.

"airflow-aws state unlock" releases a lock whose run is gone, saying whose it was; --force does so before the two minutes are over.

What is not shared: the SSH key (.airflow-aws/*-key.pem) stays on the machine that built the deployment, and so do the logs of its runs. A colleague without the key can use plan, status, cost, destroy, and everything of up that is AWS's own. What works on the servers (STEP 16 of up, ssh, logs, airflow, verify) needs the key: put the file into .airflow-aws/ by a way that you trust with it, with mode 0600. As long as the key pair is in the account no new key is made in its place, since the servers would refuse it.

Permissions beside those of the deployment: s3:GetObject, s3:PutObject and s3:DeleteObject on the prefix, s3:ListBucket on the bucket; for making it also s3:CreateBucket, s3:PutBucketVersioning, s3:PutBucketPublicAccessBlock, s3:PutEncryptionConfiguration, s3:PutBucketPolicy and s3:PutLifecycleConfiguration. The bucket must belong to the same account.
`),
  rehearsal: prose(`
REHEARSAL

--simulate (or AIRFLOW_AWS_SIMULATE=1) carries out the same code in a simulated account in this process: no network, no credentials, no cost. It has AWS's states, durations, refusals and delays; its clock is virtual, so twelve minutes take two seconds. A rehearsal has a folder of its own (.airflow-aws/simulated) and can never touch the real state.

  airflow-aws up --simulate --yes
  airflow-aws timeline --simulate --open
  airflow-aws destroy --simulate --yes --confirm pms --delete-data

A bad day can be rehearsed, too:

  up --simulate --yes --kill-inside 40                              dies in the middle of the 40th change
  up --simulate --yes --resume                                      and goes on
  up --simulate --yes --fault RunInstances:InsufficientInstanceCapacity
  up --simulate --yes --fault later.natGateway:InternalError
  up --simulate --yes --fault throttle=0.2 --fault lag=10 --seed 7

The same seed gives the same run. Servers are not simulated as machines: commands for them are checked and recorded, so "ssh", "logs", "open" and "airflow" have nothing to go to.
`),
  'exit-codes': exitCodesPage,
};

/** A page of paragraphs, which are filled; indented lines stay as they are. */
function prose(text: string): (width: number) => string {
  return (width) =>
    text
      .trim()
      .split('\n')
      .map((line) => (line.startsWith('  ') ? line : hanging('', line, width)))
      .join('\n');
}

function settingsPage(width: number): string {
  const lines = settings.flatMap(({ path, flag, env, description, defaultValue, choices, update }) => {
    const proposal = defaultValue === undefined ? 'unset' : printValue(defaultValue) || 'none';
    const among = choices ? ` (${choices.join(', ')})` : '';
    return [
      '',
      path,
      hanging('    ', `${description}${among}. Default: ${proposal}.`, width),
      hanging('    ', `Changed later: ${update}.`, width),
      `    ${flag}  ${env}`,
    ];
  });
  const order =
    'A flag goes before the variable, the variable before airflow-aws.yaml, and that before the default. "airflow-aws config show" prints each value with its origin; "airflow-aws config schema" the JSON Schema of the file.';
  const changed =
    'What is changed on a deployment that exists: "airflow-aws plan" shows it, old → new, before "airflow-aws up" does it.';
  const policies = Object.entries(updatePolicies).map(([policy, meaning]) =>
    hanging(`  ${policy.padEnd(27)}  `, meaning, width),
  );
  return ['SETTINGS', '', hanging('', order, width), '', hanging('', changed, width), '', ...policies, ...lines].join(
    '\n',
  );
}

const exitMeanings: Record<keyof typeof exitCodes, string> = {
  ok: 'Done.',
  failed: 'AWS or a server said no. The state is saved.',
  usage: 'The command line or the settings are wrong. Nothing was done.',
  changes: 'There is something to do, or something was found. Only with --exit-code.',
  credentials: 'No credentials, or they may not do what is needed.',
  preflight: 'A problem was found by doctor or by the checks before up. Nothing was created.',
  locked: 'Another run holds the lock.',
  stopped: 'Stopped part-way; up --resume or destroy goes on.',
  leftovers: 'Destroyed, but something is left in the account.',
  unhealthy: 'Built, but not healthy.',
  interrupted: 'Ctrl-C in a prompt. Nothing was done.',
  terminated: 'Ended by SIGTERM or SIGHUP; up --resume or destroy goes on.',
};

function exitCodesPage(width: number): string {
  const rows = Object.entries(exitCodes).map(([name, code]) =>
    hanging(`${String(code).padStart(3)}  `, exitMeanings[name as keyof typeof exitCodes], width),
  );
  const note =
    'An error is three lines on stderr: what happened, why, and what to do. With --json it is one object on stdout with ok false, and error.code stays the same from version to version. "ssh" and "airflow" end with the code of what ran on the server.';
  return ['EXIT CODES', '', ...rows, '', hanging('', note, width)].join('\n');
}
