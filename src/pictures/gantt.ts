import { duration, spoken } from '../ui/format.ts';
import { escaped, svgDocument } from './svg.ts';

export interface Bar {
  readonly key: string;
  readonly step: number;
  /** Seconds from the start of the run. */
  readonly start: number;
  readonly end: number;
  readonly outcome: 'done' | 'failed' | 'unfinished';
  /** Part of the chain that decided how long the run took. */
  readonly critical: boolean;
}

export interface Gantt {
  readonly title: string;
  readonly subtitle: string;
  readonly bars: readonly Bar[];
}

const rowHeight = 22;
const left = 210;
const right = 90;
const top = 96;
const plotWidth = 900;

/** One bar a resource, in the order of their starts; the longest chain stands out and is joined by a line. */
export function ganttSvg({ title, subtitle, bars }: Gantt): string {
  const total = Math.max(1, ...bars.map(({ end }) => end));
  const x = (seconds: number) => Number((left + (seconds / total) * plotWidth).toFixed(1));
  const y = (index: number) => top + index * rowHeight;
  const bottom = y(bars.length);
  const content = [
    `<text x="20" y="34" font-size="20" font-weight="600" fill="#1f2328">${escaped(title)}</text>`,
    `<text x="20" y="56" font-size="13" fill="#424a53">${escaped(subtitle)}</text>`,
    ...legend(),
    ...ticks(total).flatMap((seconds) => [
      `<line x1="${x(seconds)}" y1="${top - 6}" x2="${x(seconds)}" y2="${bottom}" stroke="#d0d7de"/>`,
      `<text x="${x(seconds)}" y="${top - 12}" font-size="11" fill="#57606a" text-anchor="middle">${duration(seconds)}</text>`,
    ]),
  ];
  for (const [index, bar] of bars.entries()) content.push(...row(bar, index, x, y(index)));
  content.push(...chain(bars, x, y));
  return svgDocument(left + plotWidth + right, bottom + 24, `${title}: ${subtitle}`, content);
}

/** The same in a page of its own, for a browser. */
export function ganttHtml(gantt: Gantt): string {
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escaped(gantt.title)}</title>`,
    '<meta name="viewport" content="width=device-width">',
    '<style>body{margin:16px;background:#fff}svg{max-width:100%;height:auto}</style></head>',
    `<body>${ganttSvg(gantt)}</body></html>`,
  ].join('\n');
}

const tones = { critical: '#cf4a1f', done: '#8ba7c7', failed: '#b42318', unfinished: '#d4a72c' } as const;

function toneOf({ outcome, critical }: Bar): string {
  return outcome === 'done' && critical ? tones.critical : tones[outcome];
}

function row(bar: Bar, index: number, x: (seconds: number) => number, y: number): string[] {
  const { key, step, start, end, outcome, critical } = bar;
  const width = Math.max(2, x(end) - x(start));
  const took = duration(end - start);
  const words = outcome === 'done' ? took : `${took}, ${outcome}`;
  return [
    ...(index % 2 === 0
      ? [`<rect x="0" y="${y}" width="${left + plotWidth + right}" height="${rowHeight}" fill="#f6f8fa"/>`]
      : []),
    `<text x="20" y="${y + 15}" font-size="12" fill="#57606a">${step}</text>`,
    `<text x="44" y="${y + 15}" font-size="12" fill="#1f2328"${critical ? ' font-weight="600"' : ''}>${escaped(spoken(key))}</text>`,
    `<rect x="${x(start)}" y="${y + 4}" width="${width.toFixed(1)}" height="${rowHeight - 8}" rx="3" fill="${toneOf(bar)}"><title>${escaped(`${spoken(key)}: from ${duration(start)} to ${duration(end)} (${words})`)}</title></rect>`,
    `<text x="${x(start) + width + 5}" y="${y + 15}" font-size="11" fill="#424a53">${escaped(words)}</text>`,
  ];
}

/** From each bar of the chain down (or up) to the next one. */
function chain(bars: readonly Bar[], x: (seconds: number) => number, y: (index: number) => number): string[] {
  const links = bars
    .map((bar, index) => ({ bar, middle: y(index) + rowHeight / 2 }))
    .filter(({ bar }) => bar.critical)
    .sort((one, other) => one.bar.end - other.bar.end);
  return links.slice(1).map(({ bar, middle }, index) => {
    const before = links[index]!;
    const at = x(Math.min(before.bar.end, bar.end));
    return `<path d="M${at} ${before.middle}V${middle}" stroke="${tones.critical}" stroke-width="1.5" fill="none"/>`;
  });
}

function legend(): string[] {
  const entries: [tone: string, words: string][] = [
    [tones.critical, 'longest chain'],
    [tones.done, 'beside it'],
    [tones.failed, 'failed'],
    [tones.unfinished, 'unfinished'],
  ];
  return entries.flatMap(([tone, words], index) => {
    const x = left + plotWidth - 380 + index * 115;
    return [
      `<rect x="${x}" y="24" width="12" height="12" rx="2" fill="${tone}"/>`,
      `<text x="${x + 17}" y="34" font-size="12" fill="#424a53">${words}</text>`,
    ];
  });
}

/** Round figures, at most a dozen. */
function ticks(total: number): number[] {
  const every = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((seconds) => total / seconds <= 12) ?? 7200;
  return Array.from({ length: Math.floor(total / every) + 1 }, (_, index) => index * every);
}
