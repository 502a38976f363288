/** @file Holds paths that somebody else wrote to a folder: what leaves it, by `..` or through a symbolic link, is not reached. */
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';

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

/** Whether a file may be written at `path` without leaving the folder; it and folders above it may be missing. */
export function staysInFolder(realFolder: string, path: string): boolean {
  // A name with a NUL byte ends early in the system's calls.
  if (path.includes('\0')) return false;
  try {
    let present = resolve(realFolder, path);
    while (isInside(realFolder, present) && !isThere(present)) present = dirname(present);
    // A link that leads nowhere is there, and writing would follow it.
    return 'inside' in placeInFolder(realFolder, present);
  } catch {
    return false; // A name that is too long for the system.
  }
}

const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** By their names alone; a folder is inside itself. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
