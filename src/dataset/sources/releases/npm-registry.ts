/** @file Releases of npm packages, through npm's own client and cache (build/npm fetches them for its own datasets). */
import pacote, { type Options } from 'pacote';
import { VultuneError } from '../../../base/errors.ts';
import { compareVersions } from '../../npm/advisories.ts';
import { fetchRelease } from '../../npm/release.ts';
import { untilAborted } from '../../progress.ts';
import { npmFetchOptions } from './npm-client.ts';
import type { AffectedPackage, PackageRegistry, ReleaseContext, ReleaseFiles } from './release-pair.ts';

const MISSING = new Set(['E404', 'ETARGET', 'ENOVERSIONS']);
const UNREACHABLE = /^(?:ENOTFOUND|ECONN\w+|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|ENOTCACHED|E5\d\d|E429)$/;

export class NpmRegistry implements PackageRegistry {
  #options: Promise<Options> | undefined;

  isPackage(name: string): boolean {
    return /^(?:@[a-z0-9~][\w.~-]*\/)?[A-Za-z0-9~_][\w.~-]*$/.test(name);
  }

  isVersion(version: string): boolean {
    return /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(version);
  }

  canonical(name: string): string {
    return name;
  }

  /** The newest release that is older than the fix and not a pre-release. */
  async previous(
    { package: name, fixed, introduced }: AffectedPackage,
    context: ReleaseContext,
  ): Promise<string | undefined> {
    const versions = await orMissing(name, this.#versions(name, context));
    const first = introduced !== undefined && this.isVersion(introduced) ? introduced : undefined;
    const older = (versions ?? []).filter(
      (version) =>
        this.isVersion(version) &&
        !version.includes('-') &&
        compareVersions(version, fixed) < 0 &&
        (first === undefined || compareVersions(version, first) >= 0),
    );
    return older.sort(compareVersions).at(-1);
  }

  async #versions(name: string, { signal }: ReleaseContext): Promise<string[]> {
    const packument = await untilAborted(pacote.packument(name, await this.#fetchOptions()), signal);
    return Object.keys(packument.versions);
  }

  async fetch(
    name: string,
    versions: { readonly vulnerable: string; readonly fixed: string },
    { tally, signal }: ReleaseContext,
  ): Promise<{ readonly vulnerable: ReleaseFiles; readonly fixed: ReleaseFiles } | undefined> {
    const vulnerable = await this.#release(name, versions.vulnerable, signal);
    const fixed = vulnerable === undefined ? undefined : await this.#release(name, versions.fixed, signal);
    if (vulnerable !== undefined && fixed !== undefined) return { vulnerable, fixed };
    tally.add('release not in the registry');
    return undefined;
  }

  async #release(name: string, version: string, signal: AbortSignal): Promise<ReleaseFiles | undefined> {
    const options = await this.#fetchOptions();
    const fetched = await orMissing(name, untilAborted(fetchRelease(name, version, options, signal), signal));
    return fetched && new Map([...fetched.files].map(([path, { text }]) => [path, text]));
  }

  #fetchOptions(): Promise<Options> {
    this.#options ??= npmFetchOptions();
    return this.#options;
  }
}

/** Undefined for what the registry does not have. @throws VultuneError `REGISTRY_UNREACHABLE` */
async function orMissing<T>(name: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (MISSING.has(code) || code === 'RELEASE_TOO_LARGE') return undefined;
    if (!UNREACHABLE.test(code)) throw error;
    throw new VultuneError('REGISTRY_UNREACHABLE', `npm's registry cannot be asked for ${name}: ${code}`, {
      hint: "check the network and npm's configuration; the same command goes on from what is already fetched",
      cause: error,
      exitCode: 1,
    });
  }
}
