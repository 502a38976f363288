/**
 * @file The runs below a folder, by a name that is safe in an address. A request names a run only through this
 * list, so no path of a request ever reaches the file system.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';

export interface ListedRun {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly dir: string;
}

/** Folders below folders: `runs/sweep/3`. Deeper than this nobody keeps runs, and a disk is large. */
const DEEPEST = 3;
const MOST_RUNS = 500;

/** Every folder with a run.json, in order of name; the folder itself where it is a run. Links are not followed. */
export function listRuns(root: string): readonly ListedRun[] {
  const top = resolve(root);
  if (isRun(top)) return [{ name: basename(top), dir: top }];
  const found: ListedRun[] = [];
  const visit = (folder: string, depth: number) => {
    for (const name of foldersIn(folder)) {
      if (found.length >= MOST_RUNS) return;
      const dir = join(folder, name);
      if (isRun(dir)) found.push({ name: relative(top, dir).split(sep).join('/'), dir });
      else if (depth < DEEPEST) visit(dir, depth + 1);
    }
  };
  visit(top, 1);
  return found.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

const isRun = (dir: string) => existsSync(join(dir, 'run.json')) && statSync(dir).isDirectory();

/** A folder that cannot be read holds no runs for us; the folder that was asked for is checked by the caller. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
