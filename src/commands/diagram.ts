import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes, userError } from '../errors.ts';
import { architectureOf } from '../pictures/architecture.ts';
import { architectureSvg } from '../pictures/architecture-svg.ts';
import { boxes } from '../pictures/boxes.ts';
import { mermaid } from '../pictures/mermaid.ts';
import { painter } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFlags, openFiles } from './deployment.ts';

export interface DiagramFlags extends DeploymentFlags {
  readonly format?: 'mermaid' | 'svg' | 'text';
  readonly output?: string;
}

/** A picture of the architecture with what the state says of each part. Asks nobody. */
export async function diagram(io: CommandIo, flags: DiagramFlags): Promise<number> {
  const { config, state } = await openFiles(io, flags);
  const architecture = architectureOf(config, state);
  const { format = 'mermaid', output } = flags;
  const picture =
    format === 'svg'
      ? architectureSvg(architecture)
      : format === 'text'
        ? boxes(architecture, io.columns ?? 80, painter(io.colour === true && output === undefined))
        : mermaid(architecture);
  if (output !== undefined) writePicture(resolve(io.directory, output), picture);
  if (io.json)
    io.out(
      JSON.stringify({
        version: 1,
        command: 'diagram',
        ok: true,
        data: { format, picture, parts: architecture.whole },
      }),
    );
  else if (output === undefined) io.out(picture);
  else io.out(resolve(io.directory, output));
  return exitCodes.ok;
}

export function writePicture(file: string, picture: string) {
  try {
    writeFileSync(file, `${picture}\n`);
  } catch (error) {
    throw userError({
      code: 'output-not-writable',
      exitCode: exitCodes.usage,
      what: `The picture could not be written to ${file}.`,
      why: (error as Error).message,
      fix: 'Name another file with --output.',
    });
  }
}
