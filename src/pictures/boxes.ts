import { cut, type Paint } from '../ui/format.ts';
import { type Architecture, type Area, isArea, type Part, type PartStatus } from './architecture.ts';

const tones: Record<PartStatus, 'green' | 'yellow' | 'red' | 'dim'> = {
  complete: 'green',
  'under way': 'yellow',
  destroying: 'red',
  absent: 'dim',
};

/** The picture for a terminal: a frame for each area, a line for each part, one beneath the other. */
export function boxes({ whole }: Architecture, width: number, paint: Paint): string {
  return frame(whole, Math.max(40, Math.min(width, 90)), paint).join('\n');
}

function frame({ title, status, inside }: Area, width: number, paint: Paint): string[] {
  const tail = status === undefined ? '' : ` ${status} ─`;
  const head = cut(` ${title} `, width - 3 - tail.length);
  const rule = '─'.repeat(width - 3 - head.length - tail.length);
  const room = width - 4;
  const lines = inside.flatMap((one) => (isArea(one) ? frame(one, room, paint) : [line(one, room, paint)]));
  return [
    `┌─${head}${rule}${status === undefined ? '' : ` ${paint(tones[status], status)} ─`}┐`,
    ...lines.map((text) => `│ ${text} │`),
    `└${'─'.repeat(width - 2)}┘`,
  ];
}

function line({ title, detail, status = undefined }: Part, width: number, paint: Paint): string {
  const word = status ?? '';
  const text = cut(`${title.padEnd(17)} ${detail}`, width - word.length - 1).padEnd(width - word.length);
  return `${text}${status === undefined ? '' : paint(tones[status], word)}`;
}
