/** The commands, their flags and their help. What a command does is in `commands/`, and is loaded only when it runs. */
import { Argument, Command, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { CommandIo } from './commands/command-io.ts';

export type Flags = Record<string, unknown>;
/** A command's module is loaded only when it runs: the SDK alone takes longer to load than Node takes to start. */
export type Run = (io: CommandIo, flags: Flags, words: Words) => Promise<number>;

/** What a command is given beside flags. */
export interface Words {
  /** Its arguments, in order. */
  readonly operands: readonly string[];
  /** What stands behind `--`, as it stands there; undefined without `--`. */
  readonly rest: readonly string[] | undefined;
}

export const program = new Command('airflow-aws')
  .description('Builds a highly available Apache Airflow cluster in an AWS account, and takes it away again.')
  .version(packageJson.version)
  .option('-C, --directory <dir>', "the deployment's folder", '.')
  .option('--profile <name>', 'AWS profile')
  .option('--region <name>', 'AWS region')
  .option('--simulate', 'rehearse in a simulated account: no network, no cost (AIRFLOW_AWS_SIMULATE=1)')
  .option('--json', 'print JSON (up and destroy: one event a line)')
  .option('-y, --yes', 'take defaults and ask nothing')
  .option('--no-color', 'no colours (NO_COLOR)')
  .option('--verbose', 'more on errors')
  .option('--quiet', 'results and errors only')
  .addOption(
    new Option('--seed <n>', 'the dice: the same number gives the same run').helpGroup('Rehearsals, with --simulate:'),
  )
  .addOption(
    new Option(
      '--fault <fault...>',
      'what goes wrong: STEP:CODE, CALL:CODE, later.NOUN:CODE, throttle=0.2, lag=10, expire=200, …',
    ).helpGroup('Rehearsals, with --simulate:'),
  )
  .addOption(
    new Option('--policy <file...>', 'hold these credentials to this IAM policy, as "iam policy" prints it').helpGroup(
      'Rehearsals, with --simulate:',
    ),
  )
  .addOption(
    new Option('--kill-before <n>', 'SIGKILL before the n-th change').helpGroup('Rehearsals, with --simulate:'),
  )
  .addOption(
    new Option('--kill-inside <n>', 'SIGKILL after the n-th change, before its reply').helpGroup(
      'Rehearsals, with --simulate:',
    ),
  )
  .addOption(new Option('--kill-after <n>', 'SIGKILL after the n-th change').helpGroup('Rehearsals, with --simulate:'))
  .configureOutput({ writeErr: () => {} })
  .exitOverride();

const commands = new Map<Command, Run>();

/** Every command that does something, with its work. Who parses gives each its action. */
export const runs: ReadonlyMap<Command, Run> = commands;

function add(parent: Command, name: string, description: string, examples: string[], run: Run): Command {
  const command = parent
    .command(name)
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples.map((one) => `  airflow-aws ${one}`).join('\n')}`)
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  commands.set(command, run);
  return command;
}

const init = add(
  program,
  'init',
  'ask for the settings, write airflow-aws.yaml, build nothing',
  ['init', 'init --preset dev', 'init --yes --name etl --region eu-west-1'],
  async (io, flags) => (await import('./commands/init.ts')).init(io, flags),
)
  .option('--preset <name>', 'tutorial, dev or standard')
  .option('--force', 'replace an airflow-aws.yaml that is there')
  .option('--refresh', 'ask PyPI which releases of Airflow there are');

const plan = add(
  program,
  'plan',
  'what up would do, how long it takes and what it costs; changes nothing',
  ['plan', 'plan --json', 'plan --exit-code'],
  async (io, flags) => (await import('./commands/plan.ts')).plan(io, flags),
).option('--exit-code', 'exit 3 when there is something to do');

const up = add(
  program,
  'up',
  'plan, confirm, and build what is missing',
  ['up', 'up --simulate --yes', 'up --resume', 'up --until 6', 'up --explain'],
  async (io, flags) => (await import('./commands/up.ts')).up(io, flags),
)
  .option('--resume', 'go on where a run was cut off')
  .option('--until <step>', 'end after this step and everything it needs')
  .option(
    '--explain',
    'tell of each step why it is there, what changed since 2020, and the AWS CLI’s commands; build nothing',
  )
  .option('--from-scratch', 'destroy what there is first, its data too')
  .option('--confirm <name>', "with --from-scratch: the deployment's name, for use without a terminal");

const destroy = add(
  program,
  'destroy',
  'take everything away and prove that nothing is left',
  ['destroy', 'destroy --dry-run', 'destroy --yes --confirm pms --delete-data'],
  async (io, flags) => (await import('./commands/destroy.ts')).destroy(io, flags),
)
  .option('--dry-run', 'list what would go and what would stay')
  .option('--keep-data', 'keep bucket and file system, and take a final snapshot of the database')
  .option('--delete-data', 'delete the data too')
  .option('--confirm <name>', "the deployment's name, for use without a terminal")
  .option(
    '--orphans [which]',
    'not the deployment but what no state here knows: all, or KEY/ID,… as orphans lists them',
  );

const status = add(
  program,
  'status',
  'what is really there',
  ['status', 'status --wait', 'status --json', 'status --show-secrets'],
  async (io, flags) => (await import('./commands/status.ts')).status(io, flags),
)
  .option('--wait', 'look until everything is complete')
  .option('--show-secrets', 'also the passwords of the users and of Flower, read from Parameter Store now')
  .option('--exit-code', 'exit 3 unless everything is complete');

const verify = add(
  program,
  'verify',
  'prove the living cluster hop by hop, to a task on every node with its log in S3',
  ['verify', 'verify --json', 'verify --drill'],
  async (io, flags) => (await import('./commands/verify.ts')).verify(io, flags),
).option('--drill', "stop node a's scheduler, show that node c's takes over, and start it again");

const doctor = add(
  program,
  'doctor',
  'look at all that up depends on, here and in the account, with a fix for each thing amiss',
  ['doctor', 'doctor --json', 'doctor --simulate'],
  async (io, flags) => (await import('./commands/doctor.ts')).doctor(io, flags),
);

const cost = add(
  program,
  'cost',
  'what the settings cost by the hour and the month, and what was spent so far',
  ['cost', 'cost --refresh', 'cost --json', 'cost --simulate'],
  async (io, flags) => (await import('./commands/cost.ts')).cost(io, flags),
).option('--refresh', "ask AWS's price list for today's prices in the region");

const diagram = add(
  program,
  'diagram',
  'a picture of the architecture, with what is there',
  ['diagram', 'diagram --format text', 'diagram --format svg --output pms.svg'],
  async (io, flags) => (await import('./commands/diagram.ts')).diagram(io, flags),
)
  .addOption(
    new Option('--format <format>', 'what kind of picture').choices(['mermaid', 'svg', 'text']).default('mermaid'),
  )
  .option('--output <file>', 'write it to a file');

add(
  program,
  'timeline',
  'a picture of the last run: what took how long, and which chain decided it',
  ['timeline', 'timeline --simulate --open', 'timeline --output run.svg'],
  async (io, flags) => (await import('./commands/timeline.ts')).timeline(io, flags),
)
  .option('--output <file>', 'the file to write, .html or .svg')
  .option('--open', 'show it in the browser');

const orphans = add(
  program,
  'orphans',
  'what carries our tags in the account and belongs to no state here, with its price a day',
  ['orphans', 'orphans --json', 'orphans --exit-code'],
  async (io, flags) => (await import('./commands/orphans.ts')).orphans(io, flags),
).option('--exit-code', 'exit 3 when there are any');

const iam = program.command('iam').description('what these settings need of IAM').exitOverride();
const policy = add(
  iam,
  'policy',
  'the least that up, status and destroy must be allowed, for these very settings',
  ['iam policy --for up', 'iam policy --for destroy --output policies', 'iam policy --json'],
  async (io, flags) => (await import('./commands/iam-policy.ts')).iamPolicy(io, flags),
)
  .addOption(new Option('--for <command>', 'whose policy').choices(['up', 'status', 'destroy', 'all']).default('all'))
  .option('--account <id>', 'the account to name in it; the one logged in to unless given')
  .option('--output <folder>', 'write each policy to a file of its own');

const serverNames = ['bastion', 'a', 'c'];

add(
  program,
  'ssh',
  'a shell on a server, through the bastion; or one command there, behind --',
  ['ssh', 'ssh a', 'ssh c -- df -h /mnt/efs'],
  async (io, flags, words) => (await import('./commands/ssh.ts')).ssh(io, flags, words),
).addArgument(new Argument('[server]', 'bastion unless given').choices(serverNames));

add(
  program,
  'logs',
  'what a part of Airflow wrote on the nodes',
  ['logs scheduler', 'logs worker -f --node a', 'logs nginx --node bastion --since 30m'],
  async (io, flags, words) => (await import('./commands/logs.ts')).logs(io, flags, words),
)
  .addArgument(
    new Argument('<component>', 'whose').choices([
      ...['api-server', 'scheduler', 'dag-processor', 'triggerer', 'worker', 'flower'],
      ...['environment', 'nginx'],
    ]),
  )
  .option('-f, --follow', 'go on as it is written')
  .addOption(new Option('--node <server>', 'of one server; both nodes unless given').choices(serverNames))
  .option('--since <time>', 'from 30m, 2h or 1d ago on, or a date; the last 200 lines unless given');

add(
  program,
  'airflow',
  "Airflow's own command line on a healthy node, with the cluster's settings",
  ['airflow -- dags list', 'airflow -- dags trigger my_dag'],
  async (io, flags, words) => (await import('./commands/airflow.ts')).airflow(io, flags, words),
);

add(
  program,
  'open',
  'where Airflow is; shows it in the browser where there is a desktop',
  ['open', 'open --json'],
  async (io, flags) => (await import('./commands/open.ts')).open(io, flags),
);

const state = program.command('state').description('the state file').exitOverride();
const stateCommands = () => import('./commands/state.ts');
const showState = add(state, 'show', 'print it', ['state show'], async (io, flags) =>
  (await stateCommands()).stateShow(io, flags),
);
const rebuild = add(state, 'rebuild', 'make it again from the account', ['state rebuild'], async (io, flags) =>
  (await stateCommands()).stateRebuild(io, flags),
);
const unlock = add(state, 'unlock', 'release a lock whose run is gone', ['state unlock'], async (io, flags) =>
  (await stateCommands()).stateUnlock(io, flags),
).option('--force', 'also one of another machine that was heard of within two minutes');
const migrate = add(
  state,
  'migrate',
  'move it to S3 for a team, or back; without a place, to where the setting state says',
  ['state migrate s3://my-states/pms', 'state migrate local'],
  async (io, flags, { operands }) => (await import('./commands/migrate.ts')).stateMigrate(io, flags, operands[0]),
)
  .addArgument(new Argument('[place]', 'local or s3://bucket/prefix'))
  .option('--from <place>', 'where it is, unless the setting state says so');

for (const locking of [up, destroy, rebuild, migrate])
  locking
    .option('--lock-wait <time>', 'wait for a lock that another run has: 90s, 10m, 1h')
    .option('--create-state-bucket', 'make the bucket of the setting state where there is none');

const config = program.command('config').description('the settings').exitOverride();
const configCommands = () => import('./commands/config.ts');
const show = add(config, 'show', 'every setting and where it comes from', ['config show'], async (io, flags) =>
  (await configCommands()).configShow(io, flags),
);
add(config, 'schema', 'the JSON Schema of airflow-aws.yaml', ['config schema'], async (io) =>
  (await configCommands()).configSchemaCommand(io),
);

add(
  program,
  'completion',
  'a script that lets a shell complete commands and flags',
  ['completion bash > /etc/bash_completion.d/airflow-aws', 'completion fish | source'],
  async (io, _flags, { operands }) => {
    await addSettings([init]);
    const { completion } = await import('./commands/completion.ts');
    return completion(io, program, operands[0] as Parameters<typeof completion>[2]);
  },
).addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish', 'powershell']));

add(
  program,
  'docs',
  'a short page on one topic, offline; without a topic, what there is',
  ['docs', 'docs resume'],
  async (io, _flags, { operands }) => {
    const { docs } = await import('./commands/docs.ts');
    return docs(io, operands[0] as Parameters<typeof docs>[1]);
  },
).addArgument(
  new Argument('[topic]', 'which').choices([
    'settings',
    'resume',
    'cost',
    'security',
    'teams',
    'rehearsal',
    'exit-codes',
  ]),
);

/** The commands that use settings. */
export const settingsUsers: readonly Command[] = [
  init,
  plan,
  up,
  destroy,
  status,
  verify,
  doctor,
  orphans,
  cost,
  diagram,
  policy,
  rebuild,
  show,
  showState,
  unlock,
  migrate,
];

/** Every setting is a flag of the commands that use settings; the list is loaded only for them. */
export async function addSettings(commands: readonly Command[]) {
  const { settings } = await import('./config.ts');
  for (const command of commands)
    for (const { flag, description, kind } of settings.filter((one) => one.flag !== '--region')) {
      const takes = kind === 'boolean' ? '[boolean]' : '<value>';
      const option = new Option(`${flag} ${takes}`, description);
      const shown = command === init || (command === up && flag === '--restore-from');
      command.addOption(shown ? option : option.hideHelp());
    }
}
