import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type DiagramFlags, diagram } from '../../src/commands/diagram.ts';
import { resolveConfig } from '../../src/config.ts';
import { type Area, architectureOf, isArea } from '../../src/pictures/architecture.ts';
import { architectureSvg } from '../../src/pictures/architecture-svg.ts';
import { mermaid } from '../../src/pictures/mermaid.ts';
import { steps } from '../../src/steps/index.ts';
import { simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

function idsIn({ id, inside }: Area): string[] {
  return [id, ...inside.flatMap((one) => (isArea(one) ? idsIn(one) : [one.id]))];
}

async function drawn(directory: string, flags: Partial<DiagramFlags>, columns = 80): Promise<string> {
  const io = ioIn(directory, { columns, colour: true });
  expect(await diagram(io, { simulate: true, ...flags })).toBe(0);
  return io.lines.join('\n');
}

describe('diagram', () => {
  const architecture = architectureOf(resolveConfig({}).config, undefined);

  test('every arrow begins and ends at something that is drawn, and nothing is drawn twice', () => {
    const ids = idsIn(architecture.whole);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { from, to } of architecture.arrows) expect(ids).toEqual(expect.arrayContaining([from, to]));
  });

  test('every part is a resource of a step, so that its status can be told', () => {
    const keys = steps.flatMap(({ resources }) => resources.map(({ key }) => key));
    const told = (area: Area): string[] =>
      area.inside.flatMap((one) => [...(one.status === undefined ? [] : [one.id]), ...(isArea(one) ? told(one) : [])]);
    expect(keys).toEqual(expect.arrayContaining(told(architecture.whole)));
  });

  test('before the first run all is absent; after a part of one, what is there says so in words', async () => {
    const folder = temporaryFolder();
    expect(await drawn(folder, { format: 'text' })).not.toContain('complete');
    await simulatedUp(folder, { until: '6' });
    const text = stripVTControlCharacters(await drawn(folder, { format: 'text' }));
    expect(text).toMatch(/VPC 10\.0\.0\.0\/16 .* complete/);
    expect(text).toMatch(/NAT gateway .* complete/);
    expect(text).toMatch(/Aurora MySQL .* absent/);
    const chart = await drawn(folder, {});
    expect(chart).toMatch(/class .*natGateway.* complete/);
    expect(chart).toMatch(/class .*dbCluster.* absent/);
  });

  test.each([60, 80, 200])('fits in %i columns, each line as long as the others', async (columns) => {
    const lines = stripVTControlCharacters(await drawn(temporaryFolder(), { format: 'text' }, columns)).split('\n');
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
    expect(lines[0]!.length).toBeLessThanOrEqual(columns);
  });

  test('an SVG is written to the file that is named, and its path printed', async () => {
    const folder = temporaryFolder();
    expect(await drawn(folder, { format: 'svg', output: 'picture.svg' })).toBe(join(folder, 'picture.svg'));
    const svg = readFileSync(join(folder, 'picture.svg'), 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\n$/);
    expect(svg).not.toMatch(/href=|NaN|undefined/);
  });

  test('a file that cannot be written is a usage error that says so', async () => {
    const io = ioIn(temporaryFolder());
    await expect(diagram(io, { simulate: true, output: 'no/such/folder/a.svg' })).rejects.toMatchObject({
      code: 'output-not-writable',
      exitCode: 2,
    });
  });

  test('text cannot break out of either picture', () => {
    const title = '"]; <script>alert(1)</script> & \u0007';
    const hostile = { ...architecture, title, whole: { ...architecture.whole, title } };
    expect(mermaid(hostile)).not.toMatch(/<script|""]/);
    expect(architectureSvg(hostile)).not.toMatch(/<script|& /);
    expect(architectureSvg(hostile)).not.toContain('\u0007');
  });
});
