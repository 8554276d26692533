/** Names that people write in capitals. */
const capitals = new Set(['vpc', 'ip', 'nat', 'efs', 'db', 'dns']);

/** Holds the words of one item of a list together when the list is wrapped. */
const joint = '\u00a0';

/** `45 s`, `3 m 12 s`, `1 h 02 m`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} m`;
}

export function usd(amount: number): string {
  return amount >= 10 ? `$${amount.toFixed(0)}` : `$${amount.toFixed(2)}`;
}

/** `dbSubnetGroup` as people say it: `DB subnet group`. */
export function spoken(key: string): string {
  const words = key.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).split(' ');
  return words.map((word) => (capitals.has(word) ? word.toUpperCase() : word)).join(' ');
}

/** Resource keys as a list for people, which `hanging` breaks between the items and not within. */
export function listed(keys: readonly string[]): string {
  return keys.map((key) => spoken(key).replaceAll(' ', joint)).join(', ');
}

/** The beginning of a step's line, as wide for every step. */
export function stepLabel(step: number, title: string): string {
  return `${String(step).padStart(2)}  ${title.padEnd(18)}`;
}

/**
 * `text` behind `label`, broken between words at `width` columns; what does not fit continues beneath its beginning. A
 * quoted command is broken only where no line has room for it: it is there to be copied.
 */
export function hanging(label: string, text: string, width: number): string {
  const indent = ' '.repeat(label.length);
  const room = Math.max(20, width - label.length);
  const whole = text.replace(/(["`])airflow-aws [^"`\n]*\1/g, (command) =>
    command.length < room ? command.replaceAll(' ', joint) : command,
  );
  const lines = whole.split('\n').flatMap((line) => wrapped(line, room));
  return lines
    .map((line, index) => `${index === 0 ? label : indent}${line}`.trimEnd())
    .join('\n')
    .replaceAll(joint, ' ');
}

/** An error as every command prints it: what happened, why, and what to do, each broken beneath its own text. */
export function threeLines(
  { what, why, fix }: { readonly what: string; readonly why: string; readonly fix: string },
  width = Number.POSITIVE_INFINITY,
): string {
  return [hanging('Error: ', what, width), hanging('  Why: ', why, width), hanging('  Fix: ', fix, width)].join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** `text` in at most `width` columns; `…` stands for what is missing. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Paint = (colour: keyof typeof codes, text: string) => string;

/** Colours where the terminal wants them; whatever is painted says the same in words. */
export function painter(enabled: boolean): Paint {
  return (colour, text) => {
    const [start, end] = codes[colour];
    return enabled ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  };
}
