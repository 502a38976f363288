/** @file `--include` and `--exclude`: globs against paths, without looking at files. */
import picomatch from 'picomatch';

export interface PathFilter {
  /** Whether a folder is left out with all that is below it. */
  excludesFolder(paths: readonly string[]): boolean;
  /** Whether a file is in. */
  takesFile(paths: readonly string[]): boolean;
}

/**
 * A glob without `/` matches a name anywhere; one that matches a folder matches all below it. A path is given as it
 * reads from more than one folder (the one that is scanned, the current one); one of them has to match.
 */
export function pathFilter(include: readonly string[], exclude: readonly string[]): PathFilter {
  const included = include.length === 0 ? () => true : matcher(include);
  const excluded = matcher(exclude);
  return {
    excludesFolder: (paths) => paths.some(excluded),
    takesFile: (paths) => paths.some(included) && !paths.some(excluded),
  };
}

function matcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.flatMap((glob) => {
    const trimmed = glob
      .replaceAll('\\', '/')
      .replace(/^\.?\//, '')
      .replace(/\/+$/, '');
    const anchored = trimmed.includes('/') ? trimmed : `**/${trimmed}`;
    return [anchored, `${anchored}/**`];
  });
  return patterns.length === 0 ? () => false : picomatch(patterns, { dot: true });
}
