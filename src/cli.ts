import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Argument, Command, CommanderError, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { CommandIo } from './commands/command-io.ts';
import { environment } from './environment.ts';
import { exitCodes, UserError, userError } from './errors.ts';
import { hanging, painter } from './ui/format.ts';

type Flags = Record<string, unknown>;
/** A command's module is loaded only when it runs: the SDK alone takes longer to load than Node takes to start. */
type Run = (io: CommandIo, flags: Flags, words: Words) => Promise<number>;

/** What a command is given beside flags. */
interface Words {
  /** Its arguments, in order. */
  readonly operands: readonly string[];
  /** What stands behind `--`, as it stands there; undefined without `--`. */
  readonly rest: readonly string[] | undefined;
}

// Everything behind `--` belongs to another program, and none of our flags may be read in it.
const separator = process.argv.indexOf('--', 2);
const argv = process.argv.slice(2, separator === -1 ? undefined : separator);
const rest = separator === -1 ? undefined : process.argv.slice(separator + 1);

let exitCode: number = exitCodes.ok;

function isTty(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY) && !environment.CI && environment.TERM !== 'dumb';
}

/** FORCE_COLOR, NO_COLOR and --no-color, in this order of weight; otherwise a terminal on both sides. */
function wantsColour(): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = environment;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0';
  if (NO_COLOR || TERM === 'dumb' || argv.includes('--no-color')) return false;
  return Boolean(process.stdout.isTTY && process.stderr.isTTY);
}

/** Lines broken between words where a terminal would break them within. */
function fitted(text: string): string {
  const { isTTY, columns } = process.stderr;
  const tooLong = (line: string) => isTTY && stripVTControlCharacters(line).length > columns;
  return text.replace(/.+/g, (line) => (tooLong(line) ? hanging('', line, columns) : line));
}

function ioOf(flags: Flags): CommandIo {
  return {
    directory: resolve(String(flags.directory ?? '.')),
    env: environment,
    isTty: isTty(),
    json: flags.json === true,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    colour: wantsColour(),
    out: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${fitted(text)}\n`),
  };
}

const program = new Command('airflow-aws')
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

function add(parent: Command, name: string, description: string, examples: string[], run: Run): Command {
  const command = parent
    .command(name)
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples.map((one) => `  airflow-aws ${one}`).join('\n')}`)
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  command.action(async () => {
    const flags: Flags = command.optsWithGlobals();
    if (['1', 'true'].includes(environment.AIRFLOW_AWS_SIMULATE ?? '')) flags.simulate ??= true;
    if (rest !== undefined && !takeRest.has(command.name())) throw unexpectedRest(command.name());
    exitCode = await run(ioOf(flags), flags, { operands: command.args, rest });
  });
  return command;
}

const takeRest = new Set(['ssh', 'airflow']);

function unexpectedRest(name: string) {
  return userError({
    code: 'bad-usage',
    exitCode: exitCodes.usage,
    what: `"${name}" takes nothing behind "--".`,
    why: `What stands there is for another program, and only ${[...takeRest].join(' and ')} run one.`,
    fix: `See "airflow-aws ${name} --help".`,
  });
}

const init = add(
  program,
  'init',
  'ask for the settings, write airflow-aws.yaml, build nothing',
  ['init', 'init --preset dev', 'init --yes --name etl --region eu-west-1'],
  async (io, flags) => (await import('./commands/init.ts')).init(io, flags),
)
  .option('--preset <name>', 'tutorial, dev or standard')
  .option('--force', 'replace an airflow-aws.yaml that is there');

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
  ['up', 'up --simulate --yes', 'up --resume', 'up --until 6'],
  async (io, flags) => (await import('./commands/up.ts')).up(io, flags),
)
  .option('--resume', 'go on where a run was cut off')
  .option('--until <step>', 'end after this step and everything it needs')
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
  .option('--confirm <name>', "the deployment's name, for use without a terminal");

const status = add(
  program,
  'status',
  'what is really there',
  ['status', 'status --wait', 'status --json'],
  async (io, flags) => (await import('./commands/status.ts')).status(io, flags),
)
  .option('--wait', 'look until everything is complete')
  .option('--exit-code', 'exit 3 unless everything is complete');

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
add(state, 'show', 'print it', ['state show'], async (io, flags) => (await stateCommands()).stateShow(io, flags));
const rebuild = add(state, 'rebuild', 'make it again from the account', ['state rebuild'], async (io, flags) =>
  (await stateCommands()).stateRebuild(io, flags),
);
add(state, 'unlock', 'release a lock whose run is gone', ['state unlock'], async (io, flags) =>
  (await stateCommands()).stateUnlock(io, flags),
);

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
  new Argument('[topic]', 'which').choices(['settings', 'resume', 'cost', 'security', 'rehearsal', 'exit-codes']),
);

/** Every setting is a flag of the commands that use settings; the list is loaded only for them. */
async function addSettings(commands: Command[]) {
  const { settings } = await import('./config.ts');
  for (const command of commands)
    for (const { flag, description, kind } of settings.filter((one) => one.flag !== '--region')) {
      const takes = kind === 'boolean' ? '[boolean]' : '<value>';
      const option = new Option(`${flag} ${takes}`, description);
      command.addOption(command === init ? option : option.hideHelp());
    }
}

async function main(argv: string[]) {
  const users = new Map<string, Command>([
    ['init', init],
    ['plan', plan],
    ['up', up],
    ['destroy', destroy],
    ['status', status],
    ['doctor', doctor],
    ['orphans', orphans],
    ['cost', cost],
    ['diagram', diagram],
    ['rebuild', rebuild],
    ['show', show],
  ]);
  const named = argv.find((word) => users.has(word));
  if (named !== undefined) await addSettings([users.get(named)!]);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    const noCommand = error instanceof CommanderError && error.code === 'commander.help';
    if (!noCommand || program.args.length > 0 || program.opts().json) throw error;
    await withoutCommand();
  }
}

/** Help; and where somebody can answer and there is no deployment yet, the wizard. */
async function withoutCommand() {
  const flags: Flags = program.opts();
  const io = ioOf(flags);
  program.outputHelp();
  if (!io.isTty || io.json || existsSync(join(io.directory, 'airflow-aws.yaml'))) return;
  const { ask } = await import('./commands/confirm.ts');
  process.stderr.write('\n');
  const message = 'No airflow-aws.yaml here. Answer a few questions to write one?';
  if (await ask({ type: 'confirm', message, default: true }))
    exitCode = await (await import('./commands/init.ts')).init(io, flags);
}

/** The same three lines for a word that commander did not expect as for any other wrong input. */
function usageError({ code, message }: CommanderError): UserError {
  const [first = '', ...further] = message.replace(/^error: /, '').split('\n');
  const nearest = /\(Did you mean (?:one of )?(.*)\?\)/.exec(further.join(' '))?.[1]?.replaceAll(', ', ' or ');
  const named = program.commands.find((one) => program.args.includes(one.name()));
  const within = named ?? program;
  const choice = within.commands.length > 0 && ['commander.help', 'commander.unknownCommand'].includes(code);
  return userError({
    code: 'bad-usage',
    exitCode: exitCodes.usage,
    what: code === 'commander.help' ? `"${within.name()}" needs one more word.` : sentence(first),
    why: choice
      ? `The commands are ${within.commands.map((one) => one.name()).join(', ')}.`
      : 'The command line is not one that airflow-aws understands.',
    fix: `${nearest ? `Did you mean ${nearest}? ` : ''}See "airflow-aws ${named ? `${named.name()} ` : ''}--help".`,
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** What AWS or the network says outside of a run is no defect. The words for it are loaded only then. */
async function inWords(error: unknown): Promise<unknown> {
  if (error instanceof UserError || error instanceof CommanderError) return error;
  const { explainCall, isFromAws, loginCommand } = await import('./explain.ts');
  if (!isFromAws(error)) return error;
  const profile = (program.opts().profile as string | undefined) ?? environment.AWS_PROFILE;
  return explainCall(error, { login: loginCommand(profile) });
}

function report(error: unknown, argv: string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.ok;
    return report(usageError(error), argv);
  }
  const verbose = argv.includes('--verbose');
  const known =
    error instanceof UserError
      ? error
      : userError({
          code: 'defect',
          exitCode: exitCodes.failed,
          what: `Something unforeseen went wrong: ${(error as Error)?.message ?? error}`,
          why: 'This is a defect of airflow-aws. What exists is recorded in the state file.',
          fix: 'Run the same command again; if it fails the same way, report it with the output of --verbose.',
        });
  if (argv.includes('--json')) {
    const command = argv.find((word) => !word.startsWith('-')) ?? '';
    process.stdout.write(`${JSON.stringify({ version: 1, command, ok: false, error: known.toJSON() })}\n`);
  } else process.stderr.write(`${shown(known)}\n`);
  if (verbose) for (const line of details(known, error)) process.stderr.write(`${line}\n`);
  return known.exitCode;
}

/** What --verbose adds: AWS's own words for a support case, or where in the code a defect is. */
function details({ awsCode, requestId }: UserError, error: unknown): string[] {
  if (!(error instanceof UserError)) return [(error as Error)?.stack ?? String(error)];
  return [
    ...(awsCode === undefined ? [] : [`  AWS: ${awsCode}`]),
    ...(requestId === undefined ? [] : [`  Request id: ${requestId}`]),
  ];
}

/** The three lines, on a terminal with each broken beneath its own text. */
function shown(failure: UserError): string {
  const { isTTY, columns } = process.stderr;
  const width = isTTY ? columns : Number.POSITIVE_INFINITY;
  const { what, why, fix } = failure;
  const lines = [hanging('Error: ', what, width), hanging('  Why: ', why, width), hanging('  Fix: ', fix, width)];
  return lines.join('\n').replace(/^Error:/, painter(wantsColour())('red', 'Error:'));
}

// A reader that stops reading (`| head`) is no error, and must not end a run half-way.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

// The libraries that ask and draw know this variable alone.
if (!wantsColour()) Object.assign(environment, { NO_COLOR: '1' });

try {
  await main(argv);
} catch (error) {
  exitCode = report(await inWords(error), argv);
}
process.exitCode = exitCode;
