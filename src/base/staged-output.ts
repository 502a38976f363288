/**
 * @file Several files that appear together or not at all: written into a temporary folder beside their place, then moved. The
 * temporary folder is removed when the writer fails, or by the next writer of the same path after a kill.
 */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VultuneError } from './errors.ts';
import { fileError, makeFolder } from './files.ts';
import { removeLeftoversOf, temporaryName } from './temporary-files.ts';

/**
 * A folder's files. `write` puts them into the folder it is given; once it returns they stand in `path`.
 * @throws VultuneError OUTPUT_EXISTS for a folder that has something in it, unless `force`; as `fileError`; what `write` throws
 */
export async function writeFolderWhole(
  path: string,
  { force, stale }: { readonly force: boolean; readonly stale: (name: string) => boolean },
  write: (folder: string) => Promise<void>,
): Promise<void> {
  requireFolder(path, force);
  await staged(path, write, (folder) => {
    makeFolder(path);
    // A file of an older export that this one does not write would be read as part of it.
    for (const name of readdirSync(path)) if (stale(name)) rmSync(join(path, name), { force: true });
    for (const name of readdirSync(folder)) renameSync(join(folder, name), join(path, name));
  });
}

/**
 * A file, and other files beside it whose names begin with its name. `write` gets a path to write to, with the same base name.
 * @throws VultuneError OUTPUT_EXISTS for a file that is there, unless `force`; as `fileError`; what `write` throws
 */
export async function writeFilesWhole(
  path: string,
  { force }: { readonly force: boolean },
  write: (file: string) => Promise<void>,
): Promise<void> {
  requireFile(path, force);
  const into = dirname(path);
  await staged(
    path,
    async (folder) => await write(join(folder, basename(path))),
    (folder) => {
      makeFolder(into);
      for (const name of readdirSync(folder)) renameSync(join(folder, name), join(into, name));
    },
  );
}

async function staged(
  path: string,
  write: (folder: string) => Promise<void>,
  place: (folder: string) => void,
): Promise<void> {
  removeLeftoversOf(path);
  const folder = temporaryName(path);
  makeFolder(folder);
  try {
    await write(folder);
    try {
      place(folder);
    } catch (error) {
      throw fileError(error, path, 'write');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For a check before hours of work. Throws OUTPUT_EXISTS. */
export function requireFolder(path: string, force: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw exists(path, 'is a file, expected a folder');
  if (!force && readdirSync(path).length > 0) throw exists(path, 'has something in it already');
}

/** The same for a file. Throws OUTPUT_EXISTS. */
export function requireFile(path: string, force: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) throw exists(path, 'is not a file');
  if (!force) throw exists(path, 'is there already');
}

function exists(path: string, what: string): VultuneError {
  return new VultuneError('OUTPUT_EXISTS', `${path} ${what}`, {
    where: { file: path },
    hint: 'Give another name, or replace what is there with --force (force: true).',
  });
}
