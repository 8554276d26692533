// Everything that moves a cursor, rings, retitles a window or turns the direction of writing, but line ends and tabs.
const control = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const coloured = new RegExp(`(${String.fromCharCode(0x1b)}\\[[\\d;]*m)`);

/** Text that others wrote (AWS's messages, tags, names), so that a terminal shows it and does nothing else with it. */
export function printable(text: string): string {
  return text.replace(control, '\ufffd');
}

/** The same for whole lines of ours, whose colours stay. */
export function printableLine(line: string): string {
  return line
    .split(coloured)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

/** The same for JSON, whose reader gets the very characters, escaped. */
export function printableJson(json: string): string {
  return json.replace(control, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
