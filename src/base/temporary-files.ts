/**
 * @file Names of files that are being written (`NAME.PID.tmp`), and the removal of those whose process is gone: each may
 * be as large as a checkpoint, and nobody else would ever delete them.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isProcessAlive } from './process-alive.ts';

const PATTERN = /\.(\d{1,10})\.tmp$/;

/** Where this process writes what becomes `path`. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}.tmp`;
}

/** The name that a temporary file gets when it is whole; any other name as it is. */
export function finalName(name: string): string {
  return name.replace(PATTERN, '');
}

/**
 * Removes the temporary files and folders of dead processes from a folder that only Vultune writes to, and from those
 * below it as deep as asked. A folder that is missing, or that others own, is left as it is.
 */
export function removeLeftovers(folder: string, depth = 0): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (isLeftover(path)) removeIfPossible(path);
    else if (entry.isDirectory() && depth > 0) removeLeftovers(path, depth - 1);
  }
}

/** By folder: the leftovers in it when this process first wrote there. A folder of a cache may hold many files. */
const known = new Map<string, readonly string[]>();

/** One that was deleted and made again is another folder. */
function identityOf(folder: string): string {
  const { ino, birthtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? {};
  return `${folder}\0${ino}\0${birthtimeMs}`;
}

/** Removes what dead processes left of this one file, in a folder that may be anybody's. */
export function removeLeftoversOf(path: string): void {
  const folder = resolve(dirname(path));
  const identity = identityOf(folder);
  const present =
    known.get(identity) ??
    entriesOf(folder)
      .map(({ name }) => name)
      .filter((name) => isLeftover(join(folder, name)));
  const isOfThisFile = (name: string) => finalName(name) === basename(path);
  for (const name of present.filter(isOfThisFile)) removeIfPossible(join(folder, name));
  known.set(
    identity,
    present.filter((name) => !isOfThisFile(name)),
  );
}

function isLeftover(path: string): boolean {
  const pid = Number(PATTERN.exec(path)?.[1]);
  if (Number.isNaN(pid)) return false;
  if (pid !== process.pid) return !isProcessAlive(pid);
  // In a container every process may have the same number: an older one left what is older than this one.
  const startedMs = Date.now() - 1000 * process.uptime();
  return (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? startedMs) < startedMs;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's file: it only takes room.
  }
}
