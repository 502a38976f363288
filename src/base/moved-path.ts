/**
 * @file Paths that are stored so that they are found again: absolute, for use from any folder, and as seen from the file that
 * stores them, for when a whole project is moved or copied to another machine.
 */
import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';

/** The path as seen from a folder, with `/`. */
export function pathFrom(folder: string, path: string): string {
  return relative(resolve(folder), resolve(path)).split(sep).join('/');
}

/** The stored path where something is there; else the one seen from the folder where that is there; else as stored. */
export function findMoved(stored: string, seenFrom: string | undefined, folder: string): string {
  if (seenFrom === undefined || existsSync(stored)) return stored;
  const moved = resolve(folder, seenFrom);
  return existsSync(moved) ? moved : stored;
}
