import { type Architecture, type Area, isArea, type Part, type PartStatus } from './architecture.ts';

/** Fill and border of a part, readable on light and on dark pages. */
const looks: Record<PartStatus, string> = {
  complete: 'fill:#d9f2df,stroke:#1a7f37,color:#0b3d1a',
  'under way': 'fill:#fff3cd,stroke:#9a6700,color:#4d3800',
  destroying: 'fill:#ffd9d7,stroke:#b42318,color:#5c0f09',
  absent: 'fill:#f3f4f6,stroke:#8c959f,color:#424a53,stroke-dasharray:4 3',
};

/** A Mermaid flowchart, as GitHub and many editors show it. */
export function mermaid({ title, whole, arrows }: Architecture): string {
  const lines = ['---', `title: ${text(title)}`, '---', 'flowchart TB'];
  const styled = new Map<PartStatus, string[]>();
  const style = ({ id, status }: Part | Area) => {
    if (status !== undefined) styled.set(status, [...(styled.get(status) ?? []), id]);
  };
  const draw = (one: Part | Area, indent: string) => {
    style(one);
    if (!isArea(one)) {
      const words = one.status === undefined ? [one.title, one.detail] : [one.title, one.detail, one.status];
      lines.push(`${indent}${one.id}["${words.map(text).join('<br/>')}"]`);
      return;
    }
    lines.push(`${indent}subgraph ${one.id}["${text(one.title)}${one.status ? ` (${one.status})` : ''}"]`);
    if (one.across) lines.push(`${indent}  direction LR`);
    for (const inner of one.inside) draw(inner, `${indent}  `);
    lines.push(`${indent}end`);
  };
  draw(whole, '  ');
  for (const { from, to, label } of arrows) lines.push(`  ${from} -->|"${text(label)}"| ${to}`);
  for (const [status, ids] of styled) {
    const name = status.replace(' ', '');
    lines.push(`  classDef ${name} ${looks[status]}`, `  class ${ids.join(',')} ${name}`);
  }
  return lines.join('\n');
}

/** Inside quotes Mermaid takes everything but a quote; entities are its own way to write one. */
function text(words: string): string {
  return words.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;');
}
