/** @file `--diff`: which files a scan is left with, and what they were in the commit. */
import { VultuneError } from '../../base/errors.ts';
import type { RepositoryPlace } from '../../git/locate-repository.ts';
import { compareWithCommit, type DiffOptions } from '../../scan/diff/compare-with-commit.ts';
import type { SourceFile } from '../../scan/walk/walk-tree.ts';

export interface ScanDiff {
  readonly files: readonly SourceFile[];
  readonly earlierText: (path: string) => Promise<string | undefined>;
}

/** Throws SCAN_NOT_GIT, SCAN_DIFF_BASE, GIT_MISSING. */
export async function changedSince(
  files: readonly SourceFile[],
  repository: RepositoryPlace | undefined,
  revision: string,
  options: DiffOptions,
): Promise<ScanDiff> {
  if (repository === undefined) {
    throw new VultuneError('SCAN_NOT_GIT', 'the first path to scan is not in a git repository', {
      where: { name: '--diff' },
      hint: 'Scan without --diff, or give paths of a repository.',
    });
  }
  const paths = files.map(({ path }) => path);
  const { isChanged, earlierText } = await compareWithCommit(paths, repository, revision, options);
  return { files: files.filter(({ path }) => isChanged(path)), earlierText };
}
