/**
 * @file One advisory in OSV's JSON (ossf.github.io/osv-schema): the packages with a fixed release, and the fix commits.
 * Takes what it understands and says why it passes over the rest; fetches nothing.
 */
import type { FixRow } from '../git/fix-list.ts';
import type { AffectedPackage, Ecosystem } from '../releases/release-pair.ts';

export interface OsvFacts {
  readonly packages: readonly AffectedPackage[];
  readonly commits: readonly Omit<FixRow, 'line'>[];
  /** Why something was passed over, in the words of the card. */
  readonly problems: readonly string[];
}

const ECOSYSTEMS: Readonly<Record<string, Ecosystem>> = { npm: 'npm', PyPI: 'pypi', Maven: 'maven' };

export function readOsv(value: unknown): OsvFacts {
  const advisory = objectOf(value);
  const id = textOf(advisory?.id);
  if (advisory === undefined || id === undefined) return only('advisory: not in OSV form');
  if (advisory.withdrawn !== undefined) return only('advisory withdrawn');
  if (id.startsWith('MAL-')) return only('advisory of a malicious package');
  const cwe = textsOf(objectOf(advisory.database_specific)?.cwe_ids).filter((name) => /^CWE-\d+$/.test(name));
  const day = /^\d{4}-\d{2}-\d{2}/.exec(textOf(advisory.published) ?? '')?.[0];
  const facts = {
    cve: identifiers(id, textsOf(advisory.aliases)),
    cwe,
    ...(day === undefined ? {} : { date: day }),
  };
  const packages: AffectedPackage[] = [];
  const commits: Omit<FixRow, 'line'>[] = [];
  const problems: string[] = [];
  for (const affected of listOf(advisory.affected).map(objectOf)) {
    const ranges = listOf(affected?.ranges).map(objectOf);
    for (const range of ranges) {
      if (textOf(range?.type) === 'GIT') commits.push(...fixCommits(range, facts));
    }
    const found = fixedReleases(affected, ranges);
    if (typeof found === 'string') problems.push(found);
    else packages.push(...found.map((release) => ({ ...release, ...facts })));
  }
  if (commits.length > 0)
    return { packages, commits, problems: problems.filter((problem) => problem !== NO_PACKAGE) };
  return { packages, commits, problems };
}

type Json = Readonly<Record<string, unknown>>;

const NO_PACKAGE = 'advisory without a package';

/** A package's fixed releases, one a range; or why there is none. */
function fixedReleases(
  affected: Json | undefined,
  ranges: readonly (Json | undefined)[],
): Omit<AffectedPackage, 'cve' | 'cwe'>[] | string {
  const named = objectOf(affected?.package);
  const [name, system] = [textOf(named?.name), textOf(named?.ecosystem)];
  if (name === undefined || system === undefined) return NO_PACKAGE;
  const ecosystem = Object.hasOwn(ECOSYSTEMS, system) ? ECOSYSTEMS[system] : undefined;
  if (ecosystem === undefined) {
    return `advisory for another ecosystem (${/^[\w. +-]{1,30}/.exec(system)?.[0] ?? 'unknown'})`;
  }
  const versions = textsOf(affected?.versions);
  const fixes = ranges.flatMap((range) => (textOf(range?.type) === 'GIT' ? [] : intervals(range)));
  if (fixes.length === 0) return 'advisory without a fixed release';
  return fixes.map(({ introduced, fixed }) => ({
    ecosystem,
    package: name,
    fixed,
    ...(introduced === undefined || introduced === '0' ? {} : { introduced }),
    ...(versions.length === 0 ? {} : { affected: versions }),
  }));
}

/** Events in their order: each `fixed` ends what the last `introduced` began. */
function intervals(
  range: Json | undefined,
): { readonly introduced: string | undefined; readonly fixed: string }[] {
  const found: { introduced: string | undefined; fixed: string }[] = [];
  let introduced: string | undefined;
  for (const event of listOf(range?.events).map(objectOf)) {
    introduced = textOf(event?.introduced) ?? introduced;
    const fixed = textOf(event?.fixed);
    if (fixed !== undefined) found.push({ introduced, fixed });
  }
  return found;
}

function fixCommits(range: Json | undefined, facts: Pick<FixRow, 'cve' | 'cwe'>): Omit<FixRow, 'line'>[] {
  const repository = textOf(range?.repo);
  // What others wrote names no place on this machine.
  if (repository === undefined || !/^https?:\/\//i.test(repository)) return [];
  return intervals(range)
    .map(({ fixed }) => fixed.toLowerCase())
    .filter((commit) => /^[0-9a-f]{7,64}$/.test(commit))
    .map((commit) => ({ repository, commit, cve: facts.cve, cwe: facts.cwe }));
}

/** CVE names; the advisory's own where it has none, so that its records are kept together. */
function identifiers(id: string, aliases: readonly string[]): string[] {
  const cves = [id, ...aliases].filter((name) => /^CVE-\d{4}-\d+$/.test(name));
  return cves.length === 0 ? [id] : [...new Set(cves)];
}

function only(problem: string): OsvFacts {
  return { packages: [], commits: [], problems: [problem] };
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Names and versions of this length at most: anything longer is none. */
const MAX_TEXT = 300;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined;
}

function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((entry) => textOf(entry) ?? []);
}
