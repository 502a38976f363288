/** @file The files of a scan: those below the paths, or the ones of them that differ from a commit. */
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { locateRepository } from '../../git/locate-repository.ts';
import { compareWithCommit, type DiffOptions } from '../../scan/diff/compare-with-commit.ts';
import { pathFilter } from '../../scan/walk/path-filter.ts';
import { type SourceFile, walkTree } from '../../scan/walk/walk-tree.ts';
import type { ScanOptions } from './scan-options.ts';

export interface ScanSources {
  readonly files: readonly SourceFile[];
  /** What findings' paths are relative to: the repository's top, or the current folder. */
  readonly baseFolder: string;
  /** False where the walk was stopped before its end. */
  readonly isWhole: boolean;
  /** With `diff`: what a file was in the commit; undefined for a new one. */
  readonly earlierText?: (path: string) => Promise<string | undefined>;
}

/** Throws what walkTree throws; SCAN_NOT_GIT, SCAN_DIFF_BASE, GIT_MISSING with `diff`. */
export async function findSources(options: ScanOptions, places: DiffOptions): Promise<ScanSources> {
  const { paths, include = [], exclude = [], gitignore = true, diff } = options;
  const files = await walkTree(paths, {
    filter: pathFilter(include, exclude),
    respectGitignore: gitignore,
    currentFolder: process.cwd(),
    ...places,
  });
  const repository = locateRepository(folderOf(paths[0]!));
  const baseFolder = repository?.top ?? realpathSync(process.cwd());
  if (diff === undefined) return { files, baseFolder, isWhole: !places.signal.aborted };
  if (repository === undefined) {
    throw new VultuneError('SCAN_NOT_GIT', 'the first path to scan is not in a Git repository', {
      where: { name: '--diff' },
      hint: 'Scan without --diff, or give paths of a repository.',
    });
  }
  const named = files.map(({ path }) => path);
  const { isChanged, earlierText } = await compareWithCommit(named, repository, diff, places);
  const changed = files.filter(({ path }) => isChanged(path));
  return { files: changed, baseFolder, isWhole: !places.signal.aborted, earlierText };
}

function folderOf(path: string): string {
  const real = realpathSync(resolve(path));
  return lstatSync(real).isDirectory() ? real : dirname(real);
}
