/**
 * @file .gitignore files, nested as git has them: the one nearest to a path has the last word. Says what the patterns say of
 * one path; that git tracks it all the same, or that a folder above is ignored, is the walk's to know.
 */
import { lstatSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { RepositoryPlace } from '../../git/locate-repository.ts';
import { readSmallFile } from '../../git/read-small-file.ts';
import { type IgnorePattern, parseIgnorePattern, pathParts } from './ignore-pattern.ts';

interface Level {
  readonly folder: string;
  readonly patterns: readonly IgnorePattern[];
}

/** A list of patterns that is longer was not written by hand, and would be tried on every path. It is not obeyed. */
const MOST_BYTES = 256 * 1024;

export class IgnoreRules {
  readonly #levels: readonly Level[];
  readonly #ignoreCase: boolean;

  private constructor(levels: readonly Level[], ignoreCase: boolean) {
    this.#levels = levels;
    this.#ignoreCase = ignoreCase;
  }

  /** Outside a repository: the files of the tree itself count. */
  static outside(): IgnoreRules {
    return new IgnoreRules([], false);
  }

  /**
   * What holds in `folder` by the files above it, up to its repository's top, and by the repository's `info/exclude`.
   * @param ignoreCase git's core.ignoreCase; without it letter case counts
   */
  static above(folder: string, { top, commonFolder }: RepositoryPlace, ignoreCase: boolean): IgnoreRules {
    const exclude = patternsOf(join(commonFolder, 'info', 'exclude'), ignoreCase);
    const levels = exclude === undefined ? [] : [{ folder: top, patterns: exclude }];
    const chain: string[] = [];
    for (let at = folder; at !== top && dirname(at) !== at; at = dirname(at)) chain.unshift(dirname(at));
    return chain.reduce((rules, above) => rules.within(above), new IgnoreRules(levels, ignoreCase));
  }

  /** With the rules of this folder's own file. */
  within(folder: string): IgnoreRules {
    const path = join(folder, '.gitignore');
    // git does not follow a link here.
    const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
    const patterns = isFile ? patternsOf(path, this.#ignoreCase) : undefined;
    return patterns === undefined
      ? this
      : new IgnoreRules([...this.#levels, { folder, patterns }], this.#ignoreCase);
  }

  /** Whether this very path is ignored, whatever the rules say of the folders above it. */
  ignores(path: string, isFolder: boolean): boolean {
    for (const { folder, patterns } of this.#levels.toReversed()) {
      const parts = pathParts(relative(folder, path).split(sep).join('/'), this.#ignoreCase);
      const last = patterns.findLast(({ matches }) => matches(parts, isFolder));
      if (last !== undefined) return !last.isNegated;
    }
    return false;
  }
}

/** Undefined where the file does not exist, may not be read or is not a regular file: as for git, it then gives no rules. */
function patternsOf(path: string, ignoreCase: boolean): readonly IgnorePattern[] | undefined {
  const text = readSmallFile(path, MOST_BYTES);
  return text
    ?.replace(/^\ufeff/, '')
    .split('\n')
    .flatMap((line) => parseIgnorePattern(line, ignoreCase) ?? []);
}
