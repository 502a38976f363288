/** @file `--diff`: which files a scan is left with, and what they were in the commit. */
import { join, relative, sep } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { changedFiles, commitOf, textAt } from '../../scan/diff/git.ts';
import type { SourceFile } from '../../scan/walk/walk-tree.ts';

export interface ScanDiff {
  readonly files: readonly SourceFile[];
  readonly earlierText: (path: string) => Promise<string | undefined>;
}

/** Throws SCAN_NOT_GIT, SCAN_DIFF_BASE. */
export async function compareWithCommit(
  files: readonly SourceFile[],
  repository: string | undefined,
  revision: string,
): Promise<ScanDiff> {
  if (repository === undefined) {
    throw new VultuneError(
      'SCAN_NOT_GIT',
      'the first path to scan is in no repository that git reads, or git is not installed',
      {
        where: { name: '--diff' },
        // Usual in containers: git refuses a checkout that belongs to somebody else.
        hint: 'Scan without --diff, or give paths of a repository; `git status` there says why git does not read it (safe.directory?).',
      },
    );
  }
  const commit = await commitOf(repository, revision);
  const changed = await changedFiles(repository, commit);
  const nameOf = (path: string) => relative(repository, path).split(sep).join('/');
  return {
    files: files.filter(({ path }) => changed.has(nameOf(path))),
    earlierText: async (path) => {
      const before = changed.get(nameOf(join(path)));
      return before === undefined ? undefined : await textAt(repository, commit, before);
    },
  };
}
