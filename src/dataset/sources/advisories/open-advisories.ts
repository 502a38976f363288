/** @file `pypi=FACTS`, `maven=FACTS` and `osv=ADVISORIES` of the command line: read and checked; fetches nothing yet. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { fileError } from '../../../base/files.ts';
import { hashFile } from '../../../base/hash-file.ts';
import type { ChangeSource, SourceInfo } from '../../source.ts';
import type { FixRow } from '../git/fix-list.ts';
import { GitSource, groupByRepository } from '../git/git-source.ts';
import { type GivenOptions, gitOptions } from '../git/open-git.ts';
import type { AffectedPackage, Ecosystem } from '../releases/release-pair.ts';
import { ReleaseSource } from '../releases/release-source.ts';
import { readAdvisoryLines } from './advisory-lines.ts';
import { readOsv } from './osv.ts';
import { readOsvFiles } from './osv-files.ts';
import { tableName } from './shipped-table.ts';
import { readStatementArtifacts } from './statement-artifacts.ts';

/**
 * JSON lines of advisory facts; for Maven also a folder of project-kb's statements.
 * @throws VultuneError `SOURCE_LOCATION`, `FILE_*`, `ADVISORY_BROKEN`, `ADVISORIES_EMPTY`
 */
export async function openReleases(
  ecosystem: Ecosystem,
  location: string | undefined,
): Promise<ChangeSource> {
  if (location === undefined) throw locationMissing(ecosystem, `${ecosystem}=advisories.jsonl`);
  const problems = new Counts();
  const statements = ecosystem === 'maven' && isFolder(location);
  const affected = statements
    ? await readStatementArtifacts(location, (reason) => problems.add(reason))
    : await readAdvisoryLines(location, ecosystem);
  if (affected.length === 0) throw empty(location);
  return new ReleaseSource(await infoOf(ecosystem, location), affected, problems.counts);
}

/** Advisories in OSV's form: releases of npm, PyPI and Maven, and fix commits. @throws as `openReleases`; `OSV_BROKEN` */
export async function openOsv(location: string | undefined, given: GivenOptions): Promise<ChangeSource> {
  if (location === undefined) throw locationMissing('osv', 'osv=advisories/, osv=one.json or osv=all.zip');
  const options = gitOptions(given);
  const problems = new Counts();
  const packages: AffectedPackage[] = [];
  const rows: FixRow[] = [];
  await readOsvFiles(
    location,
    (value) => {
      const facts = readOsv(value);
      for (const reason of facts.problems) problems.add(reason);
      packages.push(...facts.packages);
      for (const commit of facts.commits) rows.push({ ...commit, line: rows.length + 1 });
    },
    (reason) => problems.add(reason),
  );
  if (packages.length + rows.length === 0) throw empty(location);
  const repositories = groupByRepository(rows, dirname(resolve(location)), () =>
    problems.add('repository address refused'),
  );
  const info = await infoOf('osv', location);
  const releases = new ReleaseSource(info, packages, problems.counts);
  const commits = new GitSource(info, repositories, new Map(), options);
  return {
    kind: 'changes',
    info,
    count: releases.count + (commits.count ?? 0),
    async *units(context) {
      yield* releases.units(context);
      yield* commits.units(context);
    },
  };
}

class Counts {
  readonly counts = new Map<string, number>();

  add(reason: string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
  }
}

async function infoOf(name: string, location: string): Promise<SourceInfo> {
  if (isFolder(location)) return { name, location };
  const { sha256 } = await hashFile(location);
  return { name, location: tableName(location), sha256 };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

function locationMissing(name: string, hint: string): VultuneError {
  return new VultuneError('SOURCE_LOCATION', `${name}: expected advisories`, { hint });
}

function empty(location: string): VultuneError {
  return new VultuneError('ADVISORIES_EMPTY', `${location} names no fixed release and no fix commit`, {
    where: { file: location },
  });
}
