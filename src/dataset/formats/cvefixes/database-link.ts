/**
 * @file A second name for a database, in a folder of its own: the SQLite library keeps its lock beside the file, and so
 * it reads where nothing may be written, and past the lock that a killed process left. Made and removed by the main
 * thread, for a worker may be ended at any time.
 */
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import type { ForeignFile } from '../foreign/read-foreign.ts';

/** A database as a worker opens it. */
export interface LinkedDatabase extends ForeignFile {
  /** The name to open; `path` is the one for messages. */
  readonly opened: string;
}

/** @throws VultuneError `DATASET_FILE_MISSING`. */
export function linkDatabase(path: string): LinkedDatabase & { readonly remove: () => void } {
  if (!existsSync(path)) {
    throw new VultuneError('DATASET_FILE_MISSING', `no such file: ${path}`, { where: { file: path } });
  }
  const folder = mkdtempSync(join(tmpdir(), 'vultune-sqlite-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const sizeBytes = statSync(path).size;
  try {
    symlinkSync(resolve(path), join(folder, 'read.db'));
    return { path, sizeBytes, opened: join(folder, 'read.db'), remove };
  } catch {
    // No links here (Windows without the right): the file's own folder will do.
    return { path, sizeBytes, opened: path, remove };
  }
}
