/**
 * @file Files as the rest of Vultune wants them: written whole or not at all, and with the system's complaints
 * (missing, not allowed, disk full) turned into errors a user understands. Knows nothing of what is in a file.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from './errors.ts';

/**
 * Writes a file through a temporary neighbour and a rename: a reader, or a crash, sees the old file or the
 * whole new one. Makes the folders above it. A list of parts is written one after the other.
 * @throws VultuneError `DISK_FULL`, `FILE_NOT_ALLOWED`, `FILE_MISSING` (as `fileError`).
 */
export function writeFileAtomic(path: string, data: string | Uint8Array | readonly Uint8Array[]): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const parts =
    typeof data === 'string' ? [Buffer.from(data, 'utf8')] : data instanceof Uint8Array ? [data] : data;
  makeFolder(dirname(path));
  try {
    const file = openSync(temporary, 'w');
    try {
      for (const part of parts) writeAll(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
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

/** Reads a whole UTF-8 file. @throws VultuneError as `fileError`. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

/** `writeSync` may write less than it was given, and takes less than 2 GiB; this does neither. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    offset += writeSync(file, bytes, offset, Math.min(bytes.length - offset, 2 ** 30));
  }
}

const CODES: Readonly<Record<string, { code: string; found: string; hint?: string }>> = {
  ENOENT: { code: 'FILE_MISSING', found: 'there is no such file or folder' },
  ENOTDIR: { code: 'FILE_MISSING', found: 'a part of this path is a file, not a folder' },
  EEXIST: { code: 'FILE_IN_THE_WAY', found: 'a file of this name is in the way' },
  EISDIR: { code: 'FILE_IS_FOLDER', found: 'this is a folder, a file was expected' },
  EACCES: { code: 'FILE_NOT_ALLOWED', found: 'the system does not allow it' },
  EPERM: { code: 'FILE_NOT_ALLOWED', found: 'the system does not allow it' },
  EROFS: { code: 'FILE_NOT_ALLOWED', found: 'the disk is read-only' },
  ENOSPC: {
    code: 'DISK_FULL',
    found: 'the disk is full',
    hint: 'free some space, or choose another output folder',
  },
  EDQUOT: { code: 'DISK_FULL', found: 'the disk quota is used up' },
};

/** Turns a system error about `path` into a `VultuneError`; returns anything else as it was. */
export function fileError(error: unknown, path: string, action: 'read' | 'write'): unknown {
  const system = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = CODES[system];
  if (known === undefined) return error;
  return new VultuneError(known.code, `cannot ${action} ${path}: ${known.found}`, {
    where: { file: path },
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    cause: error,
  });
}
