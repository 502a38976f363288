/** @file Releases of npm packages, through npm's own client and cache. */
import pacote, { type Options } from 'pacote';
import { VultuneError } from '../../../base/errors.ts';
import type { Tally } from '../../../base/tally.ts';
import { untilAborted } from '../../progress.ts';
import { npmFetchOptions } from './npm-client.ts';
import { fetchNpmRelease } from './npm-release.ts';
import { compareNpmVersions, isNpmVersion } from './npm-version.ts';
import type { AffectedPackage, PackageRegistry, ReleaseContext, ReleaseFiles } from './release-pair.ts';

/** For good: what is left out for these stays left out in later builds. */
const MISSING = new Set(['E404', 'E410', 'E451', 'ETARGET', 'ENOVERSIONS']);
/** Perhaps only now: no network, no answer, no right to it, another archive than the registry names, not in the cache. */
const UNREACHABLE =
  /^(?:ENOTFOUND|ECONN\w+|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|FETCH_ERROR|E[45]\d\d|EINTEGRITY|ENOTCACHED)$/;

export class NpmRegistry implements PackageRegistry {
  #options: Promise<Options> | undefined;

  isPackage(name: string): boolean {
    return /^(?:@[a-z0-9~][\w.~-]*\/)?[A-Za-z0-9~_][\w.~-]*$/.test(name);
  }

  isVersion(version: string): boolean {
    return isNpmVersion(version);
  }

  canonical(name: string): string {
    return name;
  }

  /** The newest release that is older than the fix and not a pre-release. */
  async previous(
    { package: name, fixed, introduced }: AffectedPackage,
    context: ReleaseContext,
  ): Promise<string | undefined> {
    const versions = await orNothing(name, context.tally, this.#versions(name, context));
    const first = introduced !== undefined && this.isVersion(introduced) ? introduced : undefined;
    const older = (versions ?? []).filter(
      (version) =>
        this.isVersion(version) &&
        !version.includes('-') &&
        compareNpmVersions(version, fixed) < 0 &&
        (first === undefined || compareNpmVersions(version, first) >= 0),
    );
    return older.sort(compareNpmVersions).at(-1);
  }

  async #versions(name: string, { signal }: ReleaseContext): Promise<string[]> {
    const packument = await untilAborted(pacote.packument(name, await this.#fetchOptions()), signal);
    return Object.keys(packument.versions);
  }

  async fetch(
    name: string,
    versions: { readonly vulnerable: string; readonly fixed: string },
    context: ReleaseContext,
  ): Promise<{ readonly vulnerable: ReleaseFiles; readonly fixed: ReleaseFiles } | undefined> {
    const vulnerable = await this.#release(name, versions.vulnerable, context);
    const fixed = vulnerable === undefined ? undefined : await this.#release(name, versions.fixed, context);
    return vulnerable === undefined || fixed === undefined ? undefined : { vulnerable, fixed };
  }

  async #release(name: string, version: string, context: ReleaseContext): Promise<ReleaseFiles | undefined> {
    const options = await this.#fetchOptions();
    return orNothing(name, context.tally, fetchNpmRelease(name, version, options, context));
  }

  #fetchOptions(): Promise<Options> {
    this.#options ??= npmFetchOptions();
    return this.#options;
  }
}

/** Undefined, and counted, for what the registry does not give. @throws VultuneError `REGISTRY_UNREACHABLE` */
async function orNothing<T>(name: string, tally: Tally, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (MISSING.has(code)) tally.add('release not in the registry');
    else if (UNREACHABLE.test(code)) throw unreachable(name, code, error);
    else throw error;
    return undefined;
  }
}

function unreachable(name: string, code: string, cause: unknown): VultuneError {
  return new VultuneError('REGISTRY_UNREACHABLE', `npm's registry cannot be asked for ${name}: ${code}`, {
    hint: "check the network and npm's configuration; run the same command again: it resumes where it stopped",
    cause,
    exitCode: 1,
  });
}
