/**
 * @file Where a repository's folders are, found as git finds them but without asking git: it would read the
 * configuration. Reads `.git` files and `commondir`; believes nothing else.
 */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readSmallFile } from './read-small-file.ts';

export interface RepositoryPlace {
  /** The work tree's own folder; of a bare repository its git folder. */
  readonly top: string;
  /** HEAD and index; of a linked work tree or a submodule outside of it. */
  readonly gitFolder: string;
  /** Objects, branches, configuration, info/exclude: those of the main work tree. */
  readonly commonFolder: string;
}

/** The repository that a folder lies in; undefined: in none. */
export function locateRepository(folder: string): RepositoryPlace | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const place = repositoryAt(at);
    if (place !== undefined) return place;
    if (dirname(at) === at) return undefined;
  }
}

/** The repository whose work tree begins at this very folder. */
export function repositoryAt(top: string): RepositoryPlace | undefined {
  const gitFolder = gitFolderAt(join(top, '.git'));
  return gitFolder === undefined ? undefined : placeOf(top, gitFolder);
}

/** A repository without a work tree: the folder holds HEAD, objects and refs itself. */
export function bareRepositoryAt(folder: string): RepositoryPlace | undefined {
  const isOne = ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(folder, name)));
  return isOne ? placeOf(folder, folder) : undefined;
}

function placeOf(top: string, gitFolder: string): RepositoryPlace {
  const common = withoutLineEnd(readSmallFile(join(gitFolder, 'commondir')) ?? '');
  return { top, gitFolder, commonFolder: common ? resolve(gitFolder, common) : gitFolder };
}

/** `.git` is the folder, or a file that names it. */
function gitFolderAt(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (isFolder(path)) return path;
  const text = readSmallFile(path);
  if (text?.startsWith(GIT_FILE) !== true) return undefined;
  const folder = resolve(dirname(path), withoutLineEnd(text.slice(GIT_FILE.length)));
  return isFolder(folder) ? folder : undefined;
}

const GIT_FILE = 'gitdir: ';

/** A folder's name may hold a line end. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // A loop of links, or a folder that may not be entered.
  }
}
