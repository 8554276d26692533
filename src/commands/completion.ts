import type { Command } from 'commander';
import { exitCodes } from '../errors.ts';
import type { CommandIo } from './command-io.ts';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
type ShellName = (typeof shells)[number];

/** One command as the completion sees it. */
interface Entry {
  /** `state show`; empty for the program itself. */
  readonly path: string;
  readonly subcommands: readonly Described[];
  readonly flags: readonly Flag[];
  /** What its first argument may be. */
  readonly operands: readonly string[];
}

interface Described {
  readonly name: string;
  readonly description: string;
}

interface Flag {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  readonly takesValue: boolean;
  /** All values that are allowed, where they are few. */
  readonly values: readonly string[];
}

/** Prints a script that the shell reads at its start. Made of the program itself, so it knows every command and flag. */
export function completion(io: CommandIo, program: Command, shell: ShellName): number {
  const script = writers[shell](program.name(), entriesOf(program));
  io.out(io.json ? JSON.stringify({ version: 1, command: 'completion', ok: true, data: { shell, script } }) : script);
  return exitCodes.ok;
}

function entriesOf(program: Command): Entry[] {
  const globals = flagsOf(program);
  const walk = (command: Command, path: string): Entry[] => [
    {
      path,
      subcommands: visibleOf(command).map((one) => ({ name: one.name(), description: one.description() })),
      flags: [...new Map([...globals, ...flagsOf(command)].map((flag) => [flag.long, flag])).values()],
      operands: command.registeredArguments[0]?.argChoices ?? [],
    },
    ...visibleOf(command).flatMap((one) => walk(one, `${path} ${one.name()}`.trim())),
  ];
  return walk(program, '');
}

/** As the help shows them, `help` itself left out. */
function visibleOf(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
}

function flagsOf(command: Command): Flag[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short, description, required, optional, argChoices }) =>
      long ? [{ long, short, description, takesValue: required || optional, values: argChoices ?? [] }] : [],
    );
}

const writers: Record<ShellName, (program: string, entries: readonly Entry[]) => string> = {
  bash: (program, entries) => posix(program, entries, 'bash'),
  zsh: (program, entries) => posix(program, entries, 'zsh'),
  fish,
  powershell,
};

function wordsOf({ subcommands, operands }: Entry): string[] {
  return [...subcommands.map(({ name }) => name), ...operands];
}

/**
 * One function for both: zsh reads bash's own way of completing by `bashcompinit`. The words before the cursor that name
 * commands decide which line of the tables is used.
 */
function posix(program: string, entries: readonly Entry[], shell: 'bash' | 'zsh'): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const paths = entries.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const values = new Map<string, readonly string[]>();
  const valued = new Set<string>();
  for (const { path, flags } of entries)
    for (const { long, short, takesValue, values: list } of flags) {
      if (!takesValue) continue;
      for (const flag of short ? [long, short] : [long]) valued.add(flag);
      if (list.length > 0) values.set(`${path} ${long}`.trim(), list);
    }
  const lines = [
    shell === 'zsh' ? `#compdef ${program}` : `# bash completion for ${program}`,
    ...(shell === 'zsh' ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : []),
    `${name}() {`,
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="" path="" word="" skip="" index`,
    `  if (( COMP_CWORD > 0 )); then previous="\${COMP_WORDS[COMP_CWORD-1]}"; fi`,
    '  for (( index = 1; index < COMP_CWORD; index++ )); do',
    `    word="\${COMP_WORDS[index]}"`,
    '    if [[ -n $skip ]]; then skip=""; continue; fi',
    // What stands behind `--` is for another program.
    '    case "$word" in',
    '      --) return 0 ;;',
    `      ${[...valued].join('|')}) skip=1 ;;`,
    '      -*) ;;',
    '      *)',
    `        case "\${path:+$path }$word" in`,
    `          ${paths.join('|')}) path="\${path:+$path }$word" ;;`,
    '        esac ;;',
    '    esac',
    '  done',
    '  local words=""',
    '  if [[ -n $skip ]]; then',
    `    case "\${path:+$path }$previous" in`,
    ...[...values].map(([key, list]) => `      ${quoted(key)}) words=${quoted(list.join(' '))} ;;`),
    '      *) COMPREPLY=( $(compgen -f -- "$current") ); return 0 ;;',
    '    esac',
    '  elif [[ $current == -* ]]; then',
    '    case "$path" in',
    ...entries.map(
      ({ path, flags }) => `      ${quoted(path)}) words=${quoted(flags.map(({ long }) => long).join(' '))} ;;`,
    ),
    '    esac',
    '  else',
    '    case "$path" in',
    ...entries.map((entry) => `      ${quoted(entry.path)}) words=${quoted(wordsOf(entry).join(' '))} ;;`),
    '    esac',
    '  fi',
    '  COMPREPLY=( $(compgen -W "$words" -- "$current") )',
    '}',
    `complete -F ${name} ${program}`,
  ];
  return lines.join('\n');
}

function fish(program: string, entries: readonly Entry[]): string {
  const name = `__${program.replaceAll('-', '_')}_at`;
  const valued = [...new Set(entries.flatMap(({ flags }) => flags.filter(({ takesValue }) => takesValue)))];
  const skipping = [...new Set(valued.flatMap(({ long, short }) => (short ? [long, short] : [long])))];
  const lines = [
    `# fish completion for ${program}`,
    // True when the words that name commands are exactly these.
    `function ${name}`,
    "  set -l path ''",
    '  set -l skip 0',
    `  set -l known ${entries.map(({ path }) => fishQuoted(path)).join(' ')}`,
    '  for word in (commandline -opc)[2..-1]',
    '    if test $skip -eq 1',
    '      set skip 0',
    '    else if test "$word" = --',
    '      return 1',
    `    else if contains -- $word ${skipping.join(' ')}`,
    '      set skip 1',
    "    else if not string match -q -- '-*' $word",
    '      set -l next (string trim -- "$path $word")',
    '      if contains -- $next $known',
    '        set path $next',
    '      end',
    '    end',
    '  end',
    '  test "$path" = "$argv"',
    'end',
    `complete -c ${program} -f`,
  ];
  for (const { path, subcommands, flags, operands } of entries) {
    const when = `-n '${name}${path === '' ? '' : ` ${path}`}'`;
    for (const one of subcommands)
      lines.push(`complete -c ${program} ${when} -a ${one.name} -d ${fishQuoted(one.description)}`);
    for (const one of operands) lines.push(`complete -c ${program} ${when} -a ${one}`);
    for (const { long, short, description, takesValue, values } of flags) {
      const parts = [
        `-l ${long.slice(2)}`,
        ...(short ? [`-s ${short.slice(1)}`] : []),
        `-d ${fishQuoted(description)}`,
      ];
      if (takesValue) parts.push(values.length > 0 ? `-x -a ${fishQuoted(values.join(' '))}` : '-r -F');
      lines.push(`complete -c ${program} ${when} ${parts.join(' ')}`);
    }
  }
  return lines.join('\n');
}

function powershell(program: string, entries: readonly Entry[]): string {
  const table = entries.map(
    (entry) =>
      `    ${psQuoted(entry.path)} = @{ words = @(${wordsOf(entry).map(psQuoted).join(', ')}); flags = @(${entry.flags.map(({ long }) => psQuoted(long)).join(', ')}) }`,
  );
  const valued = [...new Set(entries.flatMap(({ flags }) => flags.filter(({ takesValue }) => takesValue)))];
  const skipping = [...new Set(valued.flatMap(({ long, short }) => (short ? [long, short] : [long])))];
  return [
    `# PowerShell completion for ${program}`,
    `Register-ArgumentCompleter -Native -CommandName ${psQuoted(program)} -ScriptBlock {`,
    '  param($current, $line, $cursor)',
    '  $table = @{',
    ...table,
    '  }',
    `  $valued = @(${skipping.map(psQuoted).join(', ')})`,
    "  $path = ''",
    '  $skip = $false',
    '  foreach ($element in @($line.CommandElements | Select-Object -Skip 1)) {',
    '    if ($element.Extent.EndOffset -ge $cursor) { break }',
    '    $word = $element.ToString()',
    '    if ($skip) { $skip = $false; continue }',
    "    if ($word -eq '--') { return }",
    '    if ($valued -ccontains $word) { $skip = $true; continue }',
    '    $next = if ($path) { "$path $word" } else { $word }',
    '    if ($table.ContainsKey($next)) { $path = $next }',
    '  }',
    '  if ($skip) { return }',
    "  $choices = if ($current -like '-*') { $table[$path].flags } else { $table[$path].words }",
    '  $choices | Where-Object { $_ -like "$current*" } | ForEach-Object {',
    "    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)",
    '  }',
    '}',
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function psQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
