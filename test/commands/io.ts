import type { CommandIo } from '../../src/commands/command-io.ts';

export interface Said {
  readonly lines: string[];
  readonly notes: string[];
  /** The one object of `--json`. */
  data<T>(): T;
}

/** A command's surroundings in a test, and what it said there. */
export function ioIn(directory: string, given: Partial<CommandIo> = {}): CommandIo & Said {
  const lines: string[] = [];
  const notes: string[] = [];
  return {
    directory,
    env: {},
    isTty: false,
    json: false,
    lines,
    notes,
    out: (text) => lines.push(...text.split('\n')),
    note: (text) => notes.push(text),
    data: () => JSON.parse(lines.join('\n')).data,
    ...given,
  };
}
