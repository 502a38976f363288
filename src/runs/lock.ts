/**
 * @file One process trains into a run. The lock is a file naming its holder; the lock of a process that no longer
 * lives is taken over. Knows nothing of what it guards.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { fileError, writeAll } from '../base/files.ts';
import { isProcessAlive } from '../base/process-alive.ts';

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When that process started, in the system's own count: tells a reused pid. null where unknown. */
  readonly processStart: string | null;
}

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

function tryCreate(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw fileError(error, path, 'write');
  }
  const holder: LockHolder = { pid: process.pid, host: hostname(), processStart: processStart(process.pid) };
  try {
    writeAll(file, Buffer.from(`${JSON.stringify(holder)}\n`));
  } catch (error) {
    rmSync(path, { force: true });
    throw fileError(error, path, 'write');
  } finally {
    closeSync(file);
  }
  return true;
}

const NOBODY: LockHolder = { pid: 0, host: '', processStart: null };
/** A holder writes its name at once; a lock without one for this long was left by a process that died there. */
const NAMELESS_STALE_MS = 10_000;

/** Undefined when the lock went away meanwhile; a file that says nothing has an unknown holder. */
function readHolder(path: string): LockHolder | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined; // released between our try and this read
  }
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return NOBODY; // its holder is just writing it, or died doing so
  }
}

function isStale(holder: LockHolder, path: string): boolean {
  if (holder.pid === 0) return Date.now() - modifiedMs(path) > NAMELESS_STALE_MS;
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
function moveAway(path: string, stale: LockHolder): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another process moved it first
  }
  const moved = readHolder(aside);
  if (moved?.pid === stale.pid && moved.processStart === stale.processStart) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function locked(path: string, holder: LockHolder | undefined): VultuneError {
  const known = holder !== undefined && holder.pid > 0;
  const who = known ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new VultuneError('RUN_LOCKED', `${who} is training into this run`, {
    where: { file: path },
    hint: 'wait for it or stop it; if it is surely gone, delete the lock file',
  });
}
