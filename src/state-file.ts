import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { exitCodes, userError } from './errors.ts';
import { readIfThere, replaceFile } from './files.ts';
import { aside, type StateStore, writeFailures } from './state.ts';

/**
 * A state as a file. A write is a new file that takes the old one's place, and is done when the call returns; the
 * previous file stays beside it. `durable` asks the disk to keep it through a power cut.
 */
export function stateFile(file: string, { durable = true } = {}): StateStore {
  return {
    name: file,
    read: async () => readIfThere(file),
    async write(text) {
      try {
        replaceFile(file, text, { durable, beforeReplacing: () => keepPrevious(file) });
        rmSync(`${file}.moved`, { force: true });
      } catch (error) {
        throw userError({
          code: writeFailures.notWritten,
          exitCode: exitCodes.failed,
          what: `The state file ${file} could not be written.`,
          why: `${(error as Error).message}. Nothing further was started; what is recorded there is still true.`,
          fix: 'Free disk space or make the folder writable, then run the same command with --resume.',
          resumable: true,
        });
      }
    },
    async remove() {
      rmSync(file, { force: true });
      rmSync(previousOf(file), { force: true });
    },
    async setAside(movedTo) {
      const kept = `${file}.moved`;
      replaceFile(kept, aside.text(readIfThere(file)!, movedTo), { durable });
      rmSync(file, { force: true });
      rmSync(previousOf(file), { force: true });
      return kept;
    },
    movedTo: async () => aside.movedTo(readIfThere(`${file}.moved`)),
    async restoring() {
      const previous = previousOf(file);
      if (!existsSync(previous)) return undefined;
      return `Take the previous copy (mv ${JSON.stringify(previous)} ${JSON.stringify(file)})`;
    },
  };
}

export function previousOf(file: string): string {
  return `${file}.previous`;
}

/** The file that is replaced stays beside the new one. */
function keepPrevious(file: string) {
  if (!existsSync(file)) return;
  const link = `${previousOf(file)}.writing`;
  rmSync(link, { force: true });
  linkSync(file, link);
  renameSync(link, previousOf(file));
}
