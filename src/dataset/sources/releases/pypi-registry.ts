/**
 * @file Releases of Python projects: source distributions, or pure wheels where one side has none. Fetched through the
 * machine's pip (pip-script.ts), kept in the cache.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { makeFolder } from '../../../base/files.ts';
import { PIP_SCRIPT } from './pip-script.ts';
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

type Kind = 'sdist' | 'wheel';

/** PEP 440: epoch, release, pre-, post- and development release, local part. */
const VERSION =
  /^v?(?:\d+!)?\d+(?:\.\d+)*(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?\d*)?(?:-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?(?:[-_.]?dev[-_.]?\d*)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$/i;

export class PypiRegistry implements PackageRegistry {
  /** Asked for once a project. */
  readonly #versions = new Map<string, Promise<readonly string[]>>();

  /** PEP 508. */
  isPackage(name: string): boolean {
    return /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(name);
  }

  isVersion(version: string): boolean {
    return VERSION.test(version);
  }

  /** PEP 503. */
  canonical(name: string): string {
    return name.toLowerCase().replace(/[-_.]+/g, '-');
  }

  /** The index's own order (PEP 440); pre-releases are passed over. */
  async previous(
    { package: name, fixed, introduced }: AffectedPackage,
    context: ReleaseContext,
  ): Promise<string | undefined> {
    const asked = this.#versions.get(name) ?? releasesOf(name, context);
    this.#versions.set(name, asked);
    const versions = await asked;
    const end = versions.indexOf(fixed);
    const start = introduced === undefined || introduced === '0' ? 0 : versions.indexOf(introduced);
    return end <= 0 || start === -1 || start >= end ? undefined : versions[end - 1];
  }

  /** Source distributions, several for each start of Python: a start costs more than most downloads. */
  async prefetch(releases: readonly ReleaseName[], context: ReleaseContext): Promise<void> {
    const missing = releases.filter(
      ({ name, version }) => !existsSync(cacheFolder(name, version, 'sdist', context)),
    );
    if (missing.length <= 2) return;
    await runPool(chunksOf(missing, RELEASES_AT_ONCE), PROCESSES, (chunk) => fetchAll(chunk, context));
  }

  async fetch(
    name: string,
    versions: { readonly vulnerable: string; readonly fixed: string },
    context: ReleaseContext,
  ): Promise<{ readonly vulnerable: ReleaseFiles; readonly fixed: ReleaseFiles } | undefined> {
    for (const kind of ['sdist', 'wheel'] as const) {
      const vulnerable = await archiveOf(name, versions.vulnerable, kind, context);
      const fixed =
        vulnerable === undefined ? undefined : await archiveOf(name, versions.fixed, kind, context);
      if (vulnerable === undefined || fixed === undefined) continue;
      const options = { ...context, stripped: kind === 'sdist' };
      const before = await readSourceArchive(vulnerable, options);
      const after = before === undefined ? undefined : await readSourceArchive(fixed, options);
      return before === undefined || after === undefined ? undefined : { vulnerable: before, fixed: after };
    }
    context.tally.add('release not in the registry');
    return undefined;
  }
}

async function releasesOf(name: string, context: ReleaseContext): Promise<readonly string[]> {
  return (await askPip(['list', name], context)).versions ?? [];
}

const RELEASES_AT_ONCE = 24;
const PROCESSES = 3;

/** What pip cannot fetch is left to `archiveOf`, which says why. @throws VultuneError `PIP_MISSING` */
async function fetchAll(releases: readonly ReleaseName[], context: ReleaseContext): Promise<void> {
  const root = join(context.cacheDir, 'releases', 'pypi');
  makeFolder(root);
  const temporary = await mkdtemp(join(root, '.fetch-'));
  try {
    const list = JSON.stringify(releases.map(({ name, version }) => [name, version]));
    const { stdout } = await runPip(['fetch-all', list, 'sdist', temporary], context, temporary);
    for (const { index, file } of stdout
      .split('\n')
      .map(parseAnswer)
      .filter((answer) => answer !== undefined)) {
      const release = index === undefined ? undefined : releases[index];
      if (release === undefined || file === undefined) continue;
      const folder = cacheFolder(release.name, release.version, 'sdist', context);
      makeFolder(dirname(folder));
      await moveInto(join(temporary, `${index}`), folder);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function cacheFolder(name: string, version: string, kind: Kind, { cacheDir }: ReleaseContext): string {
  return join(cacheDir, 'releases', 'pypi', name, version, kind);
}

async function moveInto(from: string, folder: string): Promise<void> {
  await rename(from, folder).catch((error: unknown) => {
    if (!existsSync(folder)) throw error; // else another unit was quicker
  });
}

/** Path of the archive in the cache; undefined when the index has none of the kind. */
async function archiveOf(
  name: string,
  version: string,
  kind: Kind,
  context: ReleaseContext,
): Promise<string | undefined> {
  const folder = cacheFolder(name, version, kind, context);
  if (existsSync(folder)) return onlyFile(folder);
  makeFolder(dirname(folder));
  const temporary = await mkdtemp(`${folder}.`);
  try {
    const { file, problem } = await askPip(['fetch', name, version, kind, temporary], context, temporary);
    if (problem === 'missing') return undefined;
    if (file === undefined) {
      throw new VultuneError(
        'RELEASE_DAMAGED',
        `${name} ${version}: the archive is not what the index says`,
        {
          where: { name: `${name}==${version}` },
          hint: problem === 'hash' ? 'its hash is another one' : 'it has more than 512 MiB',
          exitCode: 1,
        },
      );
    }
    await moveInto(temporary, folder);
    return onlyFile(folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A folder is there when its file is whole. */
function onlyFile(folder: string): string {
  return join(folder, readdirSync(folder)[0] ?? '');
}

interface Answer {
  /** Which of several releases it is about. */
  readonly index?: number;
  readonly versions?: readonly string[];
  readonly file?: string;
  readonly problem?: 'missing' | 'hash' | 'too large';
}

const PYTHONS = ['python3', 'python', 'py'] as const;

/** @throws VultuneError `PIP_MISSING`, `REGISTRY_UNREACHABLE`, `PIP_FAILED` */
async function askPip(args: readonly string[], context: ReleaseContext, folder?: string): Promise<Answer> {
  const { stdout, stderr, python } = await runPip(args, context, folder);
  const answer = parseAnswer(stdout.trim().split('\n').at(-1) ?? '');
  const nothing = answer?.problem === 'missing' || answer?.versions?.length === 0;
  // A finder that could not ask finds nothing, too.
  if (answer === undefined || nothing) refuseUnreachable(stderr, args[1] ?? '');
  if (answer !== undefined) return answer;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  throw new VultuneError('PIP_FAILED', `pip could not be asked for ${args[1]}: ${said.slice(0, 300)}`, {
    hint: `this pip may be too old or too new; releases are looked up with ${python}'s`,
    exitCode: 1,
  });
}

/** The first Python of the machine that has pip. @throws VultuneError `PIP_MISSING` */
async function runPip(
  args: readonly string[],
  context: ReleaseContext,
  folder?: string,
): Promise<ClientOutcome & { readonly python: string }> {
  const cwd = folder ?? join(context.cacheDir, 'releases', 'pypi');
  await mkdir(cwd, { recursive: true });
  for (const python of PYTHONS) {
    const options = { cwd, signal: context.signal };
    const outcome = await runClient([python, '-c', PIP_SCRIPT, ...args], options).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (outcome !== undefined && !/No module named '?pip/.test(outcome.stderr)) return { ...outcome, python };
  }
  throw new VultuneError('PIP_MISSING', 'Python releases are fetched with pip, which was not found', {
    hint: `install Python 3 with pip; tried ${PYTHONS.join(', ')}`,
    exitCode: 1,
  });
}

function parseAnswer(line: string): Answer | undefined {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined;
  }
}

function refuseUnreachable(stderr: string, name: string): void {
  const said =
    /^.*(?:Retrying \(|connection error|Max retries|NewConnectionError|Temporary failure|timed out).*$/im.exec(
      stderr,
    );
  if (said === null) return;
  throw new VultuneError('REGISTRY_UNREACHABLE', `the Python package index cannot be asked for ${name}`, {
    hint: "check the network and pip's configuration; run the same command again: it resumes where it stopped",
    cause: new Error(said[0].slice(0, 300)),
    exitCode: 1,
  });
}
