import { type Architecture, type Area, isArea, type Part, type PartStatus } from './architecture.ts';
import { escaped, svgDocument } from './svg.ts';

const partWidth = 210;
const partHeight = 62;
const gap = 26;
const padding = 18;
const heading = 30;

const looks: Record<PartStatus | 'none', { fill: string; line: string; dash: string }> = {
  complete: { fill: '#d9f2df', line: '#1a7f37', dash: '' },
  'under way': { fill: '#fff3cd', line: '#9a6700', dash: '' },
  destroying: { fill: '#ffd9d7', line: '#b42318', dash: '' },
  absent: { fill: '#f6f8fa', line: '#8c959f', dash: ' stroke-dasharray="5 4"' },
  none: { fill: '#ffffff', line: '#57606a', dash: '' },
};

interface Placed {
  readonly one: Part | Area;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly inside: readonly Placed[];
}

/** One self-contained SVG document. */
export function architectureSvg({ title, whole, arrows }: Architecture): string {
  const { width, height } = sizeOf(whole);
  const margin = 16;
  const placed = place(whole, margin, margin, width);
  const all = new Map<string, Placed>();
  const collect = (one: Placed) => {
    all.set(one.one.id, one);
    for (const inner of one.inside) collect(inner);
  };
  collect(placed);
  const lines = arrows.flatMap(({ from, to, label }) => {
    const start = all.get(from);
    const end = all.get(to);
    return start && end ? [arrow(start, end, label)] : [];
  });
  const marker =
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>';
  return svgDocument(width + 2 * margin, height + 2 * margin, title, [
    marker,
    ...areas(placed),
    ...lines,
    ...parts(placed),
  ]);
}

function sizeOf(one: Part | Area): { width: number; height: number } {
  if (!isArea(one)) return { width: partWidth, height: partHeight };
  const sizes = one.inside.map(sizeOf);
  const widths = sizes.map(({ width }) => width);
  const heights = sizes.map(({ height }) => height);
  const gaps = gap * (sizes.length - 1);
  const sum = (list: number[]) => list.reduce((total, value) => total + value, 0);
  const width = one.across ? sum(widths) + gaps : Math.max(...widths);
  const height = one.across ? Math.max(...heights) : sum(heights) + gaps;
  return { width: Math.max(width, 7 * headingOf(one).length) + 2 * padding, height: height + heading + padding };
}

/** Everything in the middle of the width that it is given. */
function place(one: Part | Area, x: number, y: number, room: number): Placed {
  const { width, height } = sizeOf(one);
  if (!isArea(one)) return { one, x: x + (room - width) / 2, y, width, height, inside: [] };
  const left = x + padding;
  let across = left + (room - 2 * padding - contentWidth(one)) / 2;
  let down = y + heading;
  const inside = one.inside.map((inner) => {
    const size = sizeOf(inner);
    const placed = one.across ? place(inner, across, down, size.width) : place(inner, left, down, room - 2 * padding);
    if (one.across) across += size.width + gap;
    else down += size.height + gap;
    return placed;
  });
  return { one, x, y, width: room, height, inside };
}

function contentWidth({ inside }: Area): number {
  return inside.reduce((sum, one) => sum + sizeOf(one).width, 0) + gap * (inside.length - 1);
}

function headingOf({ title, status }: Area): string {
  return status === undefined ? title : `${title} · ${status}`;
}

function areas({ one, x, y, width, height, inside }: Placed): string[] {
  if (!isArea(one)) return [];
  const { line, dash } = looks[one.status ?? 'none'];
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="#000000" fill-opacity="0.025" stroke="${line}"${dash}/>`,
    `<text x="${x + 12}" y="${y + 20}" font-size="13" fill="#24292f">${escaped(headingOf(one))}</text>`,
    ...inside.flatMap(areas),
  ];
}

function parts({ one, x, y, width, height, inside }: Placed): string[] {
  if (isArea(one)) return inside.flatMap(parts);
  const { fill, line, dash } = looks[one.status ?? 'none'];
  const middle = x + width / 2;
  const row = (offset: number, size: number, tone: string, text: string, weight = '') =>
    `<text x="${middle}" y="${y + offset}" font-size="${size}" fill="${tone}" text-anchor="middle"${weight}>${escaped(text)}</text>`;
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${line}"${dash}/>`,
    row(21, 14, '#1f2328', one.title, ' font-weight="600"'),
    row(38, 12, '#424a53', one.detail),
    ...(one.status === undefined ? [] : [row(54, 11, line, one.status)]),
  ];
}

function arrow(from: Placed, to: Placed, label: string): string {
  const x1 = from.x + from.width / 2;
  const y1 = from.y + from.height;
  const x2 = to.x + to.width / 2;
  const y2 = to.y;
  // Arrows of several nodes end in one part, so each label is where its own arrow has not come far.
  const x = x1 + (x2 - x1) * 0.216;
  const y = y1 + (y2 - y1) * 0.342;
  return [
    `<path d="M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}" fill="none" stroke="#57606a" stroke-width="1.4" marker-end="url(#tip)"/>`,
    `<text x="${x + 5}" y="${y + 4}" font-size="11" fill="#57606a" stroke="#ffffff" stroke-width="3" paint-order="stroke">${escaped(label)}</text>`,
  ].join('\n');
}
