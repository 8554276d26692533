import { quote } from '../hosts/quote.ts';

/** Flags that say which deployment is meant, as the command line gave them. */
export interface Meant {
  readonly simulate?: boolean | undefined;
  readonly directory?: string | undefined;
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
}

/** A command to go on with: `up --resume` is `airflow-aws up --resume --simulate` in a rehearsal, and so for each flag. */
export function again({ simulate, ...named }: Meant, command: string): string {
  const value = (text: string) => (/^[\w./:,=@%+-]+$/.test(text) ? text : quote(text));
  const words: [flag: string, word: string][] = [
    ...(simulate ? ([['--simulate', '--simulate']] as [string, string][]) : []),
    // The folder is commander's default where nobody named one.
    ...(['directory', 'profile', 'region'] as const).flatMap((name): [string, string][] => {
      const given = named[name];
      if (given === undefined || (name === 'directory' && given === '.')) return [];
      const flag = name === 'directory' ? '-C' : `--${name}`;
      return [[flag, `${flag} ${value(given)}`]];
    }),
  ];
  const [own = '', ...foreign] = command.split(' -- ');
  const has = (flag: string) => own.split(' ').includes(flag);
  const missing = words.filter(([flag]) => !has(flag)).map(([, word]) => word);
  return [['airflow-aws', own, ...missing].join(' '), ...foreign].join(' -- ');
}

/** Commands for which it makes no difference which deployment is meant. */
const general = /^(docs|completion|help|config schema)\b|--help|>/;

/** A text for people, in which each quoted command of ours says which deployment is meant. */
export function quotedAgain(flags: Meant, text: string): string {
  return text.replace(/(["`])airflow-aws ([a-z][^"`\n]*)\1/g, (whole, mark: string, command: string) =>
    general.test(command) ? whole : `${mark}${again(flags, command)}${mark}`,
  );
}
