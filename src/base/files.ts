/**
 * @file Files as the rest of Vultune wants them: written whole or not at all, and with the system's complaints
 * (missing, not allowed, disk full) turned into errors a user understands. What a file holds is the caller's business.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from './errors.ts';
import { fileProblem } from './file-problems.ts';
import { openTarget } from './output-target.ts';

/**
 * Writes a file through a temporary neighbour and a rename: a reader, or a crash, sees the old file or the
 * whole new one. Makes the folders above it. A list of parts is written one after the other.
 * @throws VultuneError `DISK_FULL`, `FILE_NOT_ALLOWED`, `FILE_MISSING` (as `fileError`).
 */
export function writeFileAtomic(path: string, data: string | Uint8Array | readonly Uint8Array[]): void {
  const parts =
    typeof data === 'string' ? [Buffer.from(data, 'utf8')] : data instanceof Uint8Array ? [data] : data;
  makeFolder(dirname(path));
  try {
    const target = openTarget(path);
    try {
      for (const part of parts) writeAll(target.file, part);
      target.commit();
    } catch (error) {
      target.discard();
      throw error;
    }
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

/** Makes a folder and those above it. @throws VultuneError as `fileError`. */
export function makeFolder(path: string): void {
  try {
    makeFolders(resolve(path));
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

/** One after another: in /proc and the like Node 20's recursive mkdir never ends. */
function makeFolders(path: string): void {
  if (!existsSync(path) && dirname(path) !== path) makeFolders(dirname(path));
  mkdirIfMissing(path);
}

/** Another process may be quicker. */
function mkdirIfMissing(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Reads a whole UTF-8 file; one of more than `mostBytes` is refused before that is read, also where it has no end.
 * @throws VultuneError as `fileError`, `FILE_TOO_LARGE`.
 */
export function readTextFile(path: string, mostBytes?: number): string {
  try {
    return mostBytes === undefined ? readFileSync(path, 'utf8') : readAtMost(path, mostBytes);
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

function readAtMost(path: string, mostBytes: number): string {
  const file = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    for (let size = 0; ; ) {
      const part = Buffer.alloc(64 * 1024);
      const read = readSync(file, part);
      if (read === 0) return Buffer.concat(parts).toString('utf8');
      parts.push(part.subarray(0, read));
      size += read;
      if (size > mostBytes) {
        throw new VultuneError('FILE_TOO_LARGE', `found more than ${mostBytes} bytes in ${path}`, {
          where: { file: path },
          hint: 'is this the right file?',
        });
      }
    }
  } finally {
    closeSync(file);
  }
}

/** `writeSync` may write less than it was given, and takes less than 2 GiB; this does neither. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    offset += writeSync(file, bytes, offset, Math.min(bytes.length - offset, 2 ** 30));
  }
}

/**
 * Turns an error of the system about `path` into a `VultuneError`: those of the table with what to do about it, any other
 * as `FILE_ERROR` with the system's own words. What is not the system's is returned as it was.
 */
export function fileError(error: unknown, path: string, action: 'read' | 'write'): unknown {
  const problem = fileProblem(error);
  if (problem === undefined) return error;
  // A name out of a file may hold anything, and be as long as it likes.
  const shown = path.length > LONGEST_SHOWN ? `${path.slice(0, LONGEST_SHOWN)}...` : path;
  const where = { file: shown.replaceAll('\0', '\\0') };
  return new VultuneError(problem.code, `cannot ${action} ${where.file}: ${problem.found}`, {
    where,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    cause: error,
  });
}

const LONGEST_SHOWN = 200;
