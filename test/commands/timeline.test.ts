import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { timeline } from '../../src/commands/timeline.ts';
import { journals, spansOf } from '../../src/journal.ts';
import type { Bar } from '../../src/pictures/gantt.ts';
import { type Ran, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

describe('timeline', () => {
  const folder = temporaryFolder();
  let ran: Ran;
  beforeAll(async () => {
    ran = await simulatedUp(folder);
    // One that only keeps has nothing to draw, so the run before it is drawn.
    await simulatedUp(folder);
  });

  test('has a bar for everything that the last run worked on, the longest chain marked', async () => {
    const io = ioIn(folder, { json: true });
    expect(await timeline(io, { simulate: true })).toBe(0);
    const { bars, file } = io.data<{ bars: Bar[]; file: string }>();
    expect(bars).toHaveLength(ran.done.created as number);
    expect(bars.filter(({ critical }) => critical).map(({ key }) => key)).toEqual(ran.done.criticalPath);
    expect(Math.max(...bars.map(({ end }) => end))).toBeCloseTo(ran.done.durationSeconds, 0);
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    // Self-contained: it asks for nothing.
    expect(page).not.toMatch(/(src|href)=|url\(|NaN/);
    expect(page).toContain('12 m');
  });

  test('a file that ends in .svg is an SVG alone', async () => {
    const io = ioIn(folder);
    await timeline(io, { simulate: true, output: 'run.svg' });
    expect(io.lines).toEqual([join(folder, 'run.svg')]);
    expect(readFileSync(join(folder, 'run.svg'), 'utf8')).toMatch(/^<svg /);
  });

  test('without a run it says what to run first', async () => {
    await expect(timeline(ioIn(temporaryFolder()), { simulate: true })).rejects.toMatchObject({
      code: 'no-run',
      exitCode: 2,
      fix: expect.stringContaining('up --simulate'),
    });
  });

  test('a journal that a kill cut off is drawn up to where it ends', async () => {
    const cut = temporaryFolder();
    const runs = join(simulatedFolder(cut), 'runs');
    mkdirSync(runs, { recursive: true });
    const [name = ''] = readdirSync(join(simulatedFolder(folder), 'runs')).filter((one) => one.endsWith('.ndjson'));
    const whole = readFileSync(join(simulatedFolder(folder), 'runs', name), 'utf8').split('\n');
    writeFileSync(join(runs, name), `${whole.slice(0, 60).join('\n')}\n`);
    appendFileSync(join(runs, name), '{"time":"2026-01-01T0');
    const [journal] = journals(simulatedFolder(cut));
    expect(spansOf(journal!).some(({ outcome }) => outcome === 'unfinished')).toBe(true);
    const io = ioIn(cut);
    expect(await timeline(io, { simulate: true })).toBe(0);
    expect(readFileSync(io.lines[0]!, 'utf8')).toContain('cut off after');
  });
});
