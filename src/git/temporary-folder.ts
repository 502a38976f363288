/** @file A folder of this process's own under the system's temporary one; those of processes that were killed are removed. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '../base/process-alive.ts';

const PREFIX = 'vultune-git-';

const made = new Set<string>();
let isPrepared = false;

/** Removed with `removeTemporaryFolder`, or when the process ends. */
export function makeTemporaryFolder(): string {
  if (!isPrepared) {
    removeLeftovers();
    process.once('exit', () => made.forEach(removeTemporaryFolder));
  }
  isPrepared = true;
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  made.add(folder);
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  made.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? /^(\d+)-\w+$/.exec(name.slice(PREFIX.length))?.[1] : undefined;
    if (pid === undefined || isProcessAlive(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}
