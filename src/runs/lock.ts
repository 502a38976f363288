/**
 * @file One process trains into a run. The lock is a file naming its holder; the lock of a process that no longer
 * lives is taken over.
 */
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { fileError, writeAll } from '../base/files.ts';
import { isProcessAlive } from '../base/process-alive.ts';
import { temporaryName } from '../base/temporary-files.ts';
import { jsonOrUndefined } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string().max(1000),
  /** When that process started, in the system's own count: tells a reused pid. null where unknown. */
  processStart: z.string().max(100).nullable(),
});

type LockHolder = z.output<typeof holderSchema>;

export interface Lock {
  release(): void;
}

/** Locks of this very process, which its own pid cannot tell from stale ones of an earlier process. */
const heldHere = new Set<string>();

/**
 * Takes the lock, or the stale lock of a dead process.
 * @throws VultuneError `RUN_LOCKED` when a living process, or one on another machine, holds it.
 */
export function acquireLock(file: string): Lock {
  const path = resolve(file);
  // Twice: the second time after a stale lock was moved away.
  for (let attempt = 0; attempt < 2; attempt++) {
    if (tryCreate(path)) {
      heldHere.add(path);
      return heldLock(path);
    }
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (!isStale(holder, path)) throw locked(path, holder);
    moveAway(path, holder);
  }
  throw locked(path, readHolder(path));
}

/** Whether a living process holds the lock; takes nothing. */
export function isLocked(file: string): boolean {
  const path = resolve(file);
  const holder = readHolder(path);
  return holder !== undefined && !isStale(holder, path);
}

function heldLock(path: string): Lock {
  let held = true;
  return {
    release() {
      if (!held) return; // by now the file may be the next one's lock
      held = false;
      heldHere.delete(path);
      rmSync(path, { force: true });
    },
  };
}

/** The lock appears with its holder's name in it: a reader, or a kill, never finds half of one. */
function tryCreate(path: string): boolean {
  const holder: LockHolder = { pid: process.pid, host: hostname(), processStart: processStart(process.pid) };
  const text = `${JSON.stringify(holder)}\n`;
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, text);
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!isAnyOf(error, NO_LINKS)) throw error;
      writeExclusively(path, text);
    }
    return true;
  } catch (error) {
    if (isAnyOf(error, ['EEXIST'])) return false;
    throw fileError(error, path, 'write');
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** What file systems without hard links say. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

function writeExclusively(path: string, text: string): void {
  const file = openSync(path, 'wx');
  try {
    writeAll(file, Buffer.from(text));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

const isAnyOf = (error: unknown, codes: readonly string[]) =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** A lock without a holder's name: empty while it is being made on a file system without links, else not made by Vultune. */
type Found = LockHolder | 'empty' | 'nobody';

/** An empty lock of this age was left by a process that died there. */
const EMPTY_STALE_MS = 10_000;
const MOST_BYTES = 4096;

/** Undefined when the lock went away meanwhile. */
function readHolder(path: string): Found | undefined {
  let text: string;
  try {
    text = readBeginning(path);
  } catch {
    return undefined; // released between our try and this read
  }
  if (text === '') return 'empty';
  return jsonOrUndefined(holderSchema, text) ?? 'nobody';
}

/** A lock is a line; what is longer is not one. */
function readBeginning(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.subarray(0, readSync(file, bytes)).toString('utf8');
  } finally {
    closeSync(file);
  }
}

function isStale(holder: Found, path: string): boolean {
  if (holder === 'nobody') return true;
  if (holder === 'empty') return Date.now() - modifiedMs(path) > EMPTY_STALE_MS;
  if (holder.host !== hostname()) return false;
  if (holder.pid === process.pid) return !heldHere.has(path);
  if (!isProcessAlive(holder.pid)) return true;
  const start = processStart(holder.pid);
  return start !== null && holder.processStart !== null && start !== holder.processStart;
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
}

/** Field 22 of /proc/PID/stat, counted after the name in brackets, which may hold spaces; null off Linux. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null; // no /proc here
  }
}

/** Renames a stale lock away, unless another process took it over first: then that one is put back. */
function moveAway(path: string, stale: Found): void {
  const aside = temporaryName(`${path}.stale`);
  try {
    renameSync(path, aside);
  } catch {
    return; // another process moved it first
  }
  const moved = readHolder(aside);
  if (JSON.stringify(moved) === JSON.stringify(stale)) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function locked(path: string, holder: Found | undefined): VultuneError {
  const known = typeof holder === 'object';
  const who = known ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new VultuneError('RUN_LOCKED', `${who} is training into this run`, {
    where: { file: path },
    hint: 'wait for it or stop it; if no such process runs any more, delete the lock file',
  });
}
