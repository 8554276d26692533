import { join, resolve } from 'node:path';
import { exitCodes, userError } from '../errors.ts';
import { isKind, type Journal, journals, spansOf } from '../journal.ts';
import { type Gantt, ganttHtml, ganttSvg } from '../pictures/gantt.ts';
import { duration } from '../ui/format.ts';
import { openInDesktop } from './browser.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFlags, openFiles } from './deployment.ts';
import { writePicture } from './diagram.ts';

export interface TimelineFlags extends DeploymentFlags {
  readonly output?: string;
  readonly open?: boolean;
}

/** A picture of the last run that worked on something. Asks nobody. */
export async function timeline(io: CommandIo, flags: TimelineFlags): Promise<number> {
  const { folder } = await openFiles(io, flags);
  const last = journals(folder)
    .reverse()
    .find((one) => spansOf(one).length > 0);
  if (!last)
    throw userError({
      code: 'no-run',
      exitCode: exitCodes.usage,
      what: 'There is no run to draw.',
      why: `No journal in ${join(folder, 'runs')} tells of any work.`,
      fix: flags.simulate
        ? 'Run "airflow-aws up --simulate --yes" first.'
        : 'Run "airflow-aws up" first, or add --simulate to draw the last rehearsal.',
    });
  const gantt = ganttOf(last);
  const file = resolve(io.directory, flags.output ?? join(folder, 'timeline.html'));
  writePicture(file, file.endsWith('.svg') ? ganttSvg(gantt) : ganttHtml(gantt));
  if (io.json)
    io.out(
      JSON.stringify({
        version: 1,
        command: 'timeline',
        ok: true,
        data: { file, journal: last.file, bars: gantt.bars },
      }),
    );
  else io.out(file);
  if (flags.open && !(await openInDesktop(file, io.env))) io.note(`There is no desktop here to open ${file} on.`);
  return exitCodes.ok;
}

export function ganttOf(journal: Journal): Gantt {
  const spans = spansOf(journal);
  const start = Math.min(...spans.map((one) => one.start));
  const begun = journal.events.find((one) => isKind(one, 'run.start'));
  const done = journal.events.find((one) => isKind(one, 'run.done'));
  const chain = new Set(done?.criticalPath);
  const bars = spans.map(({ key, step, start: from, end, outcome }) => ({
    key,
    step,
    start: (from - start) / 1000,
    end: (end - start) / 1000,
    outcome,
    critical: chain.has(key),
  }));
  const took = done ? done.durationSeconds : Math.max(...bars.map(({ end }) => end));
  const where = begun ? `${begun.region}, account ${begun.account}, ${worlds[begun.world] ?? begun.world}` : '';
  const ending = done
    ? `${duration(took)}${done.ok ? '' : ', not completed'}; one after another ${duration(done.serialSeconds)}`
    : `cut off after ${duration(took)}`;
  return {
    title: `airflow-aws ${begun?.command ?? 'run'}: ${ending}`,
    subtitle: `${new Date(start).toISOString().slice(0, 19).replace('T', ' ')} UTC · ${where}`,
    bars,
  };
}

const worlds: Readonly<Record<string, string>> = { simulated: 'a rehearsal', aws: 'AWS', emulator: 'an emulator' };
