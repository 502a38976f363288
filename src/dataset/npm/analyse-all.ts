/**
 * @file Fetches and analyses every advisory, a few at a time, from the caches where they have it. What cannot be
 * fetched is reported and left out; the rest goes on.
 */
import { type OnProgress, stopIfAborted, untilAborted } from '../progress.ts';
import { runPool } from '../sources/releases/run-pool.ts';
import type { Advisory } from './advisories.ts';
import { type AnalysedAdvisory, type Analysis, analyseAdvisory } from './analyse-advisory.ts';
import { analysisCache } from './analysis-cache.ts';
import type { Release } from './release.ts';

/** Gets one release; throws an error with the npm client's code (E404, ENOTFOUND ...). */
export type FetchRelease = (
  name: string,
  version: string,
  options: { readonly offline: boolean; readonly signal: AbortSignal | undefined },
) => Promise<Release>;

export interface LeftOut {
  readonly id: string;
  readonly package: string;
  readonly vulnerable: string;
  readonly fixed: string;
  /** The npm client's code: the same on every machine. */
  readonly reason: string;
  /** What it said, for people. */
  readonly message: string;
}

export interface AnalyseAllOptions {
  readonly fetch: FetchRelease;
  readonly cacheDir: string;
  readonly otherFiles: number;
  readonly concurrency: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** After so many failures to reach the registry, and no success, only npm's cache is asked. */
const GIVE_UP_AFTER = 4;
const UNREACHABLE =
  /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR)$/;

/** @throws VultuneError `DATASET_BUILD_STOPPED`, and as `writeFileAtomic`. */
export async function analyseAll(
  advisories: readonly Advisory[],
  options: AnalyseAllOptions,
): Promise<{ readonly analysed: AnalysedAdvisory[]; readonly leftOut: LeftOut[] }> {
  const { signal, onProgress } = options;
  const cache = analysisCache(options.cacheDir, options.otherFiles);
  const network = { failures: 0, works: false };
  let done = 0;
  const fetchOne = (name: string, version: string, offline: boolean) =>
    untilAborted(options.fetch(name, version, { offline, signal }), signal);
  const fetchBoth = async (advisory: Advisory): Promise<Releases | LeftOut> => {
    const offline = !network.works && network.failures >= GIVE_UP_AFTER;
    try {
      const vulnerable = await fetchOne(advisory.package, advisory.vulnerable, offline);
      const fixed = await fetchOne(advisory.package, advisory.fixed, offline);
      network.works = true;
      return { vulnerable, fixed };
    } catch (error) {
      stopIfAborted(signal);
      const problem = leftOutBecause(error, advisory);
      if (UNREACHABLE.test(problem.reason)) network.failures++;
      return problem;
    }
  };
  const analyse = async (advisory: Advisory): Promise<Analysis | LeftOut> => {
    const known = cache.read(advisory);
    if (known !== undefined) return known;
    const releases = await fetchBoth(advisory);
    stopIfAborted(signal);
    if ('reason' in releases) return releases;
    const analysis = analyseAdvisory(advisory, releases, options.otherFiles);
    cache.write(advisory, analysis);
    // The parser's memory is given back only between turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    return analysis;
  };
  const results = await runPool(advisories, options.concurrency, async (advisory) => {
    stopIfAborted(signal);
    const analysis = await analyse(advisory);
    const problem = 'reason' in analysis ? ` left out: ${analysis.reason}` : '';
    const message = `${advisory.package}@${advisory.vulnerable}${problem}`;
    onProgress?.({ phase: 'fetch', done: ++done, total: advisories.length, message });
    return { advisory, analysis };
  });
  const analysed: AnalysedAdvisory[] = [];
  const leftOut: LeftOut[] = [];
  for (const { advisory, analysis } of results) {
    if ('reason' in analysis) leftOut.push(analysis);
    else analysed.push({ advisory, analysis });
  }
  return { analysed, leftOut };
}

interface Releases {
  readonly vulnerable: Release;
  readonly fixed: Release;
}

/** The npm client's errors carry a code; those without are named by their class. */
function leftOutBecause(error: unknown, advisory: Advisory): LeftOut {
  const { id, package: name, vulnerable, fixed } = advisory;
  const known = error instanceof Error ? error : new Error(String(error));
  const reason = 'code' in known && typeof known.code === 'string' ? known.code : known.name;
  return { id, package: name, vulnerable, fixed, reason, message: known.message };
}
