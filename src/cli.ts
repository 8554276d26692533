import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type Command, CommanderError } from 'commander';
import { type Meant, quotedAgain } from './commands/again.ts';
import type { CommandIo } from './commands/command-io.ts';
import { environment } from './environment.ts';
import { diskFailure, exitCodes, UserError, userError } from './errors.ts';
import { printable, printableJson, printableLine } from './printable.ts';
import { addSettings, type Flags, program, type Run, runs, settingsUsers } from './program.ts';
import { hanging, painter, threeLines } from './ui/format.ts';

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
    out: (text) => process.stdout.write(`${flags.json === true ? printableJson(text) : printableLine(text)}\n`),
    note: (text) => process.stderr.write(`${fitted(printableLine(quotedAgain(flags as Meant, text)))}\n`),
  };
}

/** By the environment, which the flag has the same weight as. */
function simulates(): boolean {
  return ['1', 'true'].includes(environment.AIRFLOW_AWS_SIMULATE ?? '');
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

/** The command's work with its flags and words. Its exit code becomes the process's. */
async function carryOut(command: Command, run: Run) {
  const flags: Flags = command.optsWithGlobals();
  if (simulates()) flags.simulate ??= true;
  if (rest !== undefined && !takeRest.has(command.name())) throw unexpectedRest(command.name());
  exitCode = await run(ioOf(flags), flags, { operands: command.args, rest });
}

async function main(argv: string[]) {
  for (const [command, run] of runs) command.action(() => carryOut(command, run));
  const named = argv.find((word) => settingsUsers.some((one) => one.name() === word));
  if (named !== undefined) await addSettings(settingsUsers.filter((one) => one.name() === named));
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
  const disk = diskFailure(error);
  if (disk) return disk;
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
      ? saidOf(error)
      : userError({
          code: 'defect',
          exitCode: exitCodes.failed,
          what: `Something unforeseen went wrong: ${(error as Error)?.message ?? error}`,
          why: 'This is a defect of airflow-aws. What exists is recorded in the state file.',
          fix: 'Run the same command again; if it fails the same way, report it with the output of --verbose.',
        });
  if (argv.includes('--json')) {
    const isCommand = (word: string) => program.commands.some((one) => one.name() === word);
    const command =
      program.args.find(isCommand) ?? argv.find(isCommand) ?? argv.find((word) => !word.startsWith('-')) ?? '';
    process.stdout.write(
      `${printableJson(JSON.stringify({ version: 1, command, ok: false, error: known.toJSON() }))}\n`,
    );
  } else process.stderr.write(`${shown(known)}\n`);
  if (verbose) for (const line of details(known, error)) process.stderr.write(`${printable(line)}\n`);
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

/** The error with each command in it as it has to be typed for the deployment that was meant. */
function saidOf(error: UserError): UserError {
  const meant: Meant = { ...program.opts(), ...(simulates() ? { simulate: true } : {}) };
  const said = (text: string) => quotedAgain(meant, text);
  const { what, why, fix, cause } = error;
  return userError({ ...error, what: said(what), why: said(why), fix: said(fix), cause });
}

function shown(failure: UserError): string {
  const { isTTY, columns } = process.stderr;
  return threeLines(failure, isTTY ? columns : undefined).replace(/^Error:/, painter(wantsColour())('red', 'Error:'));
}

// A reader that stops reading (`| head`), a terminal that was closed and a full disk behind `>` must not end a run
// half-way. That the results did not arrive is told at the end, except to a reader who wanted no more.
let notWritten: string | undefined;
for (const stream of [process.stdout, process.stderr])
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (stream === process.stdout && code !== 'EPIPE') notWritten ??= message;
  });
process.on('exit', (code) => {
  if (notWritten === undefined || code !== exitCodes.ok) return;
  process.stderr.write(`Error: The output could not be written (${notWritten}); the command itself was carried out.\n`);
  process.exitCode = exitCodes.failed;
});

// The libraries that ask and draw know this variable alone.
if (!wantsColour()) Object.assign(environment, { NO_COLOR: '1' });

try {
  await main(argv);
} catch (error) {
  exitCode = report(await inWords(error), argv);
}
process.exitCode = exitCode;
