/**
 * @file Two releases of a package, the last with a vulnerability and the first without, and what a package registry
 * must be able to do with them. The interface alone; each registry has a file of its own.
 */

import type { Tally } from '../../../base/tally.ts';
import type { FileChange, FixFacts } from '../../source.ts';

export type Ecosystem = 'npm' | 'pypi' | 'maven';

/** What an advisory says of one package. */
export interface AffectedPackage {
  readonly ecosystem: Ecosystem;
  readonly package: string;
  /** The last vulnerable release; undefined: the one before `fixed`, to be found out. */
  readonly vulnerable?: string;
  readonly fixed: string;
  /** The first vulnerable release, where known. */
  readonly introduced?: string;
  /** Vulnerable releases by name, in any order, where the advisory lists them. */
  readonly affected?: readonly string[];
  readonly cve: readonly string[];
  readonly cwe: readonly string[];
  /** ISO 8601 day. */
  readonly date?: string;
  readonly named?: FixFacts['named'];
  /** Only these files, where the fix is known to have changed no other; a release may hold the end of a path alone. */
  readonly paths?: readonly string[];
}

export interface ReleaseContext {
  readonly tally: Tally;
  readonly signal: AbortSignal;
  readonly cacheDir: string;
}

export interface ReleaseName {
  readonly name: string;
  readonly version: string;
}

/** Source files by their path inside the release. */
export type ReleaseFiles = ReadonlyMap<string, Uint8Array>;

export interface PackageRegistry {
  /** Whether the client may be asked for it: never an option, a path, an address or a range. */
  isPackage(name: string): boolean;
  isVersion(version: string): boolean;
  /** One spelling for all that the registry takes for the same. */
  canonical(name: string): string;
  /** The last vulnerable release of an advisory that does not name it; undefined: not known. */
  previous(affected: AffectedPackage, context: ReleaseContext): Promise<string | undefined>;
  /**
   * Puts what it can of many releases into the cache, where one start of the client costs more than a release: the first
   * build of a hundred pairs takes a minute instead of ten. Says nothing of what it cannot have; `fetch` does.
   */
  prefetch?(releases: readonly ReleaseName[], context: ReleaseContext): Promise<void>;
  /**
   * Both releases; undefined, and counted, when the registry has not both.
   * @throws VultuneError when the registry cannot be asked
   */
  fetch(
    name: string,
    versions: { readonly vulnerable: string; readonly fixed: string },
    context: ReleaseContext,
  ): Promise<{ readonly vulnerable: ReleaseFiles; readonly fixed: ReleaseFiles } | undefined>;
}

/** Files that differ, by path. Those of one side alone were added or deleted. */
export function* changedFiles(
  before: ReleaseFiles,
  after: ReleaseFiles,
  isWanted: (path: string) => boolean,
  decode: (content: Uint8Array) => string | undefined,
): Generator<FileChange> {
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(path), after.get(path)];
    if (!isWanted(path) || (old !== undefined && now !== undefined && Buffer.compare(old, now) === 0))
      continue;
    const [oldText, nowText] = [old, now].map((side) => (side === undefined ? undefined : decode(side)));
    // One side that cannot be read does not make the other an added or deleted file.
    if ((old !== undefined && oldText === undefined) || (now !== undefined && nowText === undefined))
      continue;
    yield { path, before: oldText, after: nowText };
  }
}

/** Whether a release's path is one of a repository's, which has folders of its own before it (`core/src/main/java/`). */
export function isAmong(paths: readonly string[]): (path: string) => boolean {
  const byName = new Map<string, string[]>();
  for (const path of paths) {
    const name = nameOf(path);
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  // A name alone, without a folder, says too little.
  const matches = (known: string, path: string) =>
    known === path || (path.includes('/') && known.endsWith(`/${path}`));
  return (path) => byName.get(nameOf(path))?.some((known) => matches(known, path)) === true;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
