/**
 * @file Releases of Maven artifacts: their `-sources.jar`, fetched by the machine's `mvn` with its repositories, mirrors
 * and credentials, and kept in the cache. Nothing of an artifact is run or resolved further.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { makeFolder, writeFileAtomic } from '../../../base/files.ts';
import { compareMavenVersions } from './maven-version.ts';
import type {
  AffectedPackage,
  PackageRegistry,
  ReleaseContext,
  ReleaseFiles,
  ReleaseName,
} from './release-pair.ts';
import { type ClientOutcome, isMissing, runClient } from './run-client.ts';
import { chunksOf, runPool } from './run-pool.ts';
import { readSourceArchive } from './source-archive.ts';

/** One version for everyone: `dependency:copy` alone would ask for the newest one. */
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

/** In one run: some seconds of downloads, so that a stop and the progress are not far away. */
const JARS_AT_ONCE = 40;
const RUNS_AT_ONCE = 3;

export class MavenRegistry implements PackageRegistry {
  /** GROUP:ARTIFACT */
  isPackage(name: string): boolean {
    return /^[A-Za-z0-9_][\w.-]*:[A-Za-z0-9_][\w.-]*$/.test(name) && !name.includes('..');
  }

  isVersion(version: string): boolean {
    return (
      /^[A-Za-z0-9_][\w.+-]*$/.test(version) &&
      !version.includes('..') &&
      !/^(?:latest|release)$/i.test(version)
    );
  }

  canonical(name: string): string {
    return name;
  }

  /** Chosen from the releases that the advisory lists: Maven's client has no list of all releases. */
  async previous({ affected = [], fixed, introduced }: AffectedPackage): Promise<string | undefined> {
    const older = affected.filter(
      (version) =>
        this.isVersion(version) &&
        compareMavenVersions(version, fixed) < 0 &&
        (introduced === undefined || compareMavenVersions(version, introduced) >= 0),
    );
    return older.sort(compareMavenVersions).at(-1);
  }

  /** Many in each run: it fetches one after the other. mvn copies none of a run that asks for one that is not there. */
  async prefetch(releases: readonly ReleaseName[], context: ReleaseContext): Promise<void> {
    const root = join(context.cacheDir, 'releases', 'maven');
    const missing = releases
      .map(({ name, version }) => artifactOf(name, version, context))
      .filter(({ jar }) => !existsSync(jar));
    // A pair alone is what `fetch` asks for in one run itself.
    if (missing.length <= 2) return;
    const fetchOrLeave = async (chunk: readonly Artifact[]) => {
      await fetchJars(chunk, root, context).catch((error: unknown) => {
        if (error instanceof VultuneError && error.code === 'MAVEN_FAILED') return;
        throw error;
      });
    };
    const [first, ...others] = chunksOf(missing, JARS_AT_ONCE);
    // Alone: it may have to fetch the plugin, too.
    await fetchOrLeave(first!);
    await runPool(others, RUNS_AT_ONCE, fetchOrLeave);
  }

  async fetch(
    name: string,
    versions: { readonly vulnerable: string; readonly fixed: string },
    context: ReleaseContext,
  ): Promise<{ readonly vulnerable: ReleaseFiles; readonly fixed: ReleaseFiles } | undefined> {
    const both = [versions.vulnerable, versions.fixed].map((version) => artifactOf(name, version, context));
    const missing = both.filter(({ jar }) => !existsSync(jar));
    const [vulnerableJar, fixedJar] = both.map(({ jar }) => jar) as [string, string];
    if (missing.length > 0 && !(await fetchJars(missing, dirname(vulnerableJar), context))) {
      context.tally.add('release not in the registry');
      return undefined;
    }
    const options = { ...context, stripped: false };
    const vulnerable = await readSourceArchive(vulnerableJar, options);
    const fixed = vulnerable === undefined ? undefined : await readSourceArchive(fixedJar, options);
    return vulnerable === undefined || fixed === undefined ? undefined : { vulnerable, fixed };
  }
}

interface Artifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** Where the cache has it. */
  readonly jar: string;
}

function artifactOf(name: string, version: string, { cacheDir }: ReleaseContext): Artifact {
  const [group = '', artifact = ''] = name.split(':');
  const jar = join(cacheDir, 'releases', 'maven', group, artifact, `${artifact}-${version}-sources.jar`);
  return { group, artifact, version, jar };
}

/** All in one run, since starting mvn costs seconds. False when one of them is not there. */
async function fetchJars(
  artifacts: readonly Artifact[],
  folder: string,
  { signal }: ReleaseContext,
): Promise<boolean> {
  makeFolder(folder);
  const temporary = await mkdtemp(join(folder, '.fetch-'));
  try {
    const pom = join(temporary, 'pom.xml');
    writeFileAtomic(pom, projectFile(artifacts, temporary));
    // In a folder of its own: a .mvn folder above would bring options and extensions along.
    const outcome = await runMaven(['-B', '-q', '-N', '-f', pom, `${PLUGIN}:copy`], temporary, signal);
    if (outcome.code !== 0) return refuse(namesOf(artifacts), outcome);
    for (const [at, { artifact, version, jar }] of artifacts.entries()) {
      makeFolder(dirname(jar));
      await rename(join(temporary, `${at}`, `${artifact}-${version}-sources.jar`), jar);
    }
    return true;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function namesOf(artifacts: readonly Artifact[]): string {
  const names = [...new Set(artifacts.map(({ group, artifact }) => `${group}:${artifact}`))];
  return names.length === 1 ? names[0]! : `${names[0]} and ${names.length - 1} others`;
}

/** Names and versions hold no character that XML knows; folders may. Each in a folder of its own: names of jars lack the group. */
function projectFile(artifacts: readonly Artifact[], folder: string): string {
  const escaped = folder.replace(/[&<>$]/g, (character) => `&#${character.charCodeAt(0)};`);
  const items = artifacts.map(
    ({ group, artifact, version }, at) =>
      `<artifactItem><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>` +
      `<classifier>sources</classifier><type>jar</type><outputDirectory>${escaped}/${at}</outputDirectory></artifactItem>`,
  );
  const [pluginGroup, pluginArtifact, pluginVersion] = PLUGIN.split(':');
  return `<project><modelVersion>4.0.0</modelVersion>
<groupId>vultune</groupId><artifactId>fetch</artifactId><version>1</version><packaging>pom</packaging>
<build><plugins><plugin>
<groupId>${pluginGroup}</groupId><artifactId>${pluginArtifact}</artifactId><version>${pluginVersion}</version>
<configuration><artifactItems>
${items.join('\n')}
</artifactItems></configuration>
</plugin></plugins></build></project>
`;
}

async function runMaven(
  args: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<ClientOutcome> {
  try {
    return await runClient(['mvn', ...args], { cwd: folder, env: { MAVEN_BASEDIR: folder }, signal });
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new VultuneError('MAVEN_MISSING', 'Maven releases are fetched with mvn, which is not on the PATH', {
      hint: 'install Apache Maven 3',
      cause: error,
      exitCode: 1,
    });
  }
}

/** False for an artifact that is not there. @throws VultuneError `REGISTRY_UNREACHABLE`, `MAVEN_FAILED` */
function refuse(name: string, { stdout, stderr }: ClientOutcome): false {
  const output = `${stdout}\n${stderr}`;
  if (/Could not find artifact|was not found in|Unable to find artifact/i.test(output)) return false;
  const said =
    output
      .split('\n')
      .find((line) => line.includes('ERROR'))
      ?.trim()
      .slice(0, 300) ?? '';
  const unreachable = /Could not transfer|UnknownHost|Connection|timed out|offline mode/i.test(output);
  throw new VultuneError(
    unreachable ? 'REGISTRY_UNREACHABLE' : 'MAVEN_FAILED',
    `mvn could not fetch ${name}${unreachable ? ': its repository cannot be reached' : `: ${said}`}`,
    {
      hint: "check the network and Maven's settings; run the same command again: it resumes where it stopped",
      cause: new Error(said),
      exitCode: 1,
    },
  );
}
