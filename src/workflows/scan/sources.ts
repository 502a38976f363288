/**
 * @file The files of a scan: those below the paths, or the ones of them that differ from a commit; and the index of what
 * earlier scans found in them.
 */
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { ContextOptions } from '../../dataset/changes/function-context.ts';
import { locateRepository } from '../../git/locate-repository.ts';
import { fileOutlineIndex, noOutlineIndex, type OutlineIndex } from '../../scan/cache/outline-index.ts';
import { compareWithCommit, type DiffOptions } from '../../scan/diff/compare-with-commit.ts';
import { pathFilter } from '../../scan/walk/path-filter.ts';
import { type SourceFile, walkTree } from '../../scan/walk/walk-tree.ts';
import type { Reporter } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import { type ScanOptions, scanCacheFolder } from './scan-options.ts';

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
  const {
    paths,
    include = [],
    exclude = [],
    globFolder,
    gitignore = true,
    includeTests = false,
    diff,
  } = options;
  const files = await walkTree(paths, {
    filter: pathFilter(include, exclude),
    respectGitignore: gitignore,
    includeTests,
    currentFolder: process.cwd(),
    globFolder: globFolder === undefined ? undefined : realpathSync(globFolder),
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

/** The index of the tree; nothing is kept with `cache: false`, nor of functions with context, whose outlines hold source code. */
export function openOutlines(
  { paths, cache = true }: ScanOptions,
  functionContext: ContextOptions | undefined,
): OutlineIndex {
  if (!cache || functionContext !== undefined) return noOutlineIndex();
  const roots = paths.map((path) => realpathSync(path)).filter((path) => lstatSync(path).isDirectory());
  // Single files (a commit hook's) are parsed quickly, and their lists would pile up.
  if (roots.length === 0) return noOutlineIndex();
  return fileOutlineIndex(scanCacheFolder(), roots.toSorted(), packageVersions().vultune!);
}

/** A disk that refuses them costs the next scan time, and nothing else. */
export function saveOutlines(outlines: OutlineIndex, complete: boolean, report: Reporter): void {
  try {
    outlines.save(complete);
  } catch (cause) {
    if (!(cause instanceof VultuneError)) throw cause;
    report.warn(`the list of functions is not kept: ${cause.message}`);
  }
}
