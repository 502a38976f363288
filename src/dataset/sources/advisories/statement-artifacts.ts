/**
 * @file The Maven releases that project-kb's statements call affected or not: of each artifact, the pair of neighbours
 * around the fix, and the files that the fix commits changed. Reads statements and their archives; fetches nothing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { fileError, readTextFile } from '../../../base/files.ts';
import { readTarGz } from '../../archives/tar-archive.ts';
import { compareMavenVersions } from '../releases/maven-version.ts';
import type { AffectedPackage } from '../releases/release-pair.ts';

/** Statements of a folder, or of its folder `statements`, by name. */
export async function readStatementArtifacts(
  location: string,
  onProblem: (reason: string) => void,
): Promise<AffectedPackage[]> {
  const nested = join(location, 'statements');
  const root = existsSync(nested) ? nested : location;
  let names: string[];
  try {
    names = readdirSync(root).sort();
  } catch (error) {
    throw fileError(error, root, 'read');
  }
  const found: AffectedPackage[] = [];
  for (const folder of names.map((name) => join(root, name))) {
    if (!existsSync(join(folder, 'statement.yaml'))) continue;
    const packages = statementPackages(join(folder, 'statement.yaml'), onProblem);
    const archive = join(folder, 'changed-source-code.tar.gz');
    // Releases lie months apart: other changes between them are not part of the fix.
    const paths = packages.length > 0 && existsSync(archive) ? await changedPaths(archive) : undefined;
    found.push(...packages.map((entry) => (paths === undefined ? entry : { ...entry, paths })));
  }
  return found;
}

/** COMMIT/before/PATH and COMMIT/after/PATH. */
async function changedPaths(archive: string): Promise<string[]> {
  const paths = new Set<string>();
  const wants = (entry: string) => {
    const path = /^[^/]+\/(?:before|after)\/(.+)$/.exec(entry)?.[1];
    if (path !== undefined) paths.add(path);
    return false;
  };
  await readTarGz(archive, { wants, onFile: () => undefined, onProblem: () => undefined });
  return [...paths].sort();
}

interface Statement {
  readonly vulnerability_id?: unknown;
  readonly artifacts?: unknown;
}

function statementPackages(path: string, onProblem: (reason: string) => void): AffectedPackage[] {
  let statement: Statement | null;
  try {
    // The failsafe schema: 1.10 is a text. No alias bombs either.
    statement = parse(readTextFile(path), { schema: 'failsafe', maxAliasCount: 0 }) as Statement | null;
  } catch {
    onProblem('statement that is not YAML');
    return [];
  }
  const id = statement?.vulnerability_id;
  const packages = [...releasesByPackage(statement?.artifacts)].map(([name, releases]) => ({
    name,
    pair: pairAroundFix(releases),
  }));
  if (packages.length === 0) onProblem('statement without releases');
  return packages.flatMap(({ name, pair }) => {
    if (pair !== undefined) {
      return [
        { ecosystem: 'maven', package: name, ...pair, cve: typeof id === 'string' ? [id] : [], cwe: [] },
      ];
    }
    onProblem('artifact without an affected release before a fixed one');
    return [];
  });
}

/** Version → whether it is affected. */
type Releases = Map<string, boolean>;

function releasesByPackage(artifacts: unknown): Map<string, Releases> {
  const packages = new Map<string, Releases>();
  if (!Array.isArray(artifacts)) return packages;
  for (const artifact of artifacts as unknown[]) {
    if (typeof artifact !== 'object' || artifact === null) continue;
    const { id, affected } = artifact as { readonly id?: unknown; readonly affected?: unknown };
    const purl = typeof id === 'string' ? /^pkg:maven\/([^/@]+)\/([^/@]+)@([^?#]+)/.exec(id) : null;
    if (purl === null) continue;
    const name = `${purl[1]}:${purl[2]}`;
    const releases = packages.get(name) ?? new Map<string, boolean>();
    releases.set(decodePercent(purl[3]!), affected === 'true');
    packages.set(name, releases);
  }
  return packages;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * An affected release is followed by an unaffected one in several places (one for each maintained branch): takes the place
 * with the nearest versions, where the fewest other changes lie; among equals the newest.
 */
export function pairAroundFix(
  releases: ReadonlyMap<string, boolean>,
): { readonly vulnerable: string; readonly fixed: string } | undefined {
  const versions = [...releases.keys()].sort(compareMavenVersions);
  let best: { readonly vulnerable: string; readonly fixed: string } | undefined;
  let nearest = -1;
  for (const [i, fixed] of versions.entries()) {
    const vulnerable = versions[i - 1];
    if (vulnerable === undefined || releases.get(vulnerable) !== true || releases.get(fixed) === true)
      continue;
    const shared = sharedParts(vulnerable, fixed);
    if (shared >= nearest) [best, nearest] = [{ vulnerable, fixed }, shared];
  }
  return best;
}

/** Leading parts that two versions have in common. */
function sharedParts(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.-]/));
  const differs = left!.findIndex((part, i) => part !== right![i]);
  return differs === -1 ? left!.length : differs;
}
