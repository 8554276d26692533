import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The text of a file, or undefined when there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Puts `text` in the place of whatever `file` was, whole or not at all, for its owner only. `durable` asks the disk to
 * keep it through a power cut. `beforeReplacing` runs when the new text is written and the old file is still there.
 */
export function replaceFile(
  file: string,
  text: string,
  { durable, beforeReplacing = () => {} }: { durable: boolean; beforeReplacing?: () => void },
) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.writing`;
  const descriptor = openSync(temporary, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    if (durable) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  beforeReplacing();
  renameSync(temporary, file);
  if (durable) syncFolder(dirname(file));
}

/** A rename survives a power cut only when the folder is on disk too. Windows has no such call for folders. */
function syncFolder(folder: string) {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
