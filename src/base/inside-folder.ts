/** @file Holds paths that somebody else wrote to a folder: what leaves it, by `..` or through a symbolic link, is not reached. */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

export type PlaceInFolder =
  | { readonly inside: string }
  /** `missing`: it would be inside, and nothing is there. */
  | { readonly refused: 'outside' | 'missing' };

/** `inside` is the real path, all links followed. `realFolder` has to be a real path itself. */
export function placeInFolder(realFolder: string, path: string): PlaceInFolder {
  const absolute = resolve(realFolder, path);
  // A name with a NUL byte ends early in the system's calls.
  if (path.includes('\0') || !isInside(realFolder, absolute)) return { refused: 'outside' };
  let real: string;
  try {
    real = realpathSync(absolute);
  } catch {
    return { refused: 'missing' };
  }
  return isInside(realFolder, real) ? { inside: real } : { refused: 'outside' };
}

/** By their names alone; a folder is inside itself. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
