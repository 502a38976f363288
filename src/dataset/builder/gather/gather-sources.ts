/**
 * @file All units of all sources, gathered: those that are on disk already are passed over, the others analysed, a few at
 * once. Returns them in the sources' order, whatever finished first. Selection comes later.
 */
import { join } from 'node:path';
import { ReasonTally } from '../../../base/tally.ts';
import { removeLeftovers } from '../../../base/temporary-files.ts';
import { OwnShare } from '../../../shards/own-share.ts';
import { createExtractionPool } from '../../../source/extraction-pool.ts';
import type { ContextOptions } from '../../changes/function-context.ts';
import { type OnProgress, stopIfAborted } from '../../progress.ts';
import type { ChangeSource, DatasetSource, FixUnit, SourceContext } from '../../source.ts';
import type { GatherContext, GatheredUnit } from './gather-context.ts';
import { gatherFix } from './gather-fix.ts';
import { gatherRecords } from './gather-records.ts';
import { type GatherShare, wholeBuild } from './gather-share.ts';
import { type GatheredSummary, readSummary } from './gathered-file.ts';

export interface GatherOptions {
  readonly cacheDir: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
  /** What else of its file goes with a function; default: nothing. */
  readonly functionContext?: ContextOptions | undefined;
  /** Given the folder of gathered units; default: all of them are gathered in it. */
  readonly share?: ((gatheredDir: string) => GatherShare) | undefined;
}

export interface GatheredSources {
  readonly units: readonly GatheredUnit[];
  /** What sources left out before any file was looked into. */
  readonly input: Readonly<Record<string, number>>;
}

/** @throws VultuneError `DATASET_BUILD_STOPPED`, and the sources' own. */
export async function gatherSources(
  sources: readonly DatasetSource[],
  options: GatherOptions,
): Promise<GatheredSources> {
  const tally = new ReasonTally();
  const pool = createExtractionPool({ threads: options.threads });
  const gatheredDir = join(options.cacheDir, 'gathered');
  const share = (options.share ?? wholeBuild)(gatheredDir);
  removeLeftovers(gatheredDir, 1);
  const units: GatheredUnit[] = [];
  try {
    for (const [number, source] of sources.entries()) {
      const context: SourceContext = {
        tally,
        signal: options.signal,
        cacheDir: options.cacheDir,
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      };
      const gathering = { share, context, pool, source: number, functionContext: options.functionContext };
      if (source.kind === 'records') units.push(...(await gatherRecords(source, gathering)));
      else units.push(...(await gatherChanges(source, gathering)));
    }
  } catch (error) {
    stopIfAborted(options.signal);
    throw error;
  } finally {
    await pool.close();
  }
  return { units, input: tally.counts() };
}

async function gatherChanges(
  source: ChangeSource,
  { share, context, pool, source: number, functionContext }: GatherContext,
): Promise<GatheredUnit[]> {
  const units: Promise<GatheredUnit>[] = [];
  const running = new Set<Promise<unknown>>();
  /** By path: a source that names a fix twice must not have it written twice at once. */
  const gatherings = new Map<string, Promise<GatheredSummary>>();
  const gatherOnce = async (unit: FixUnit, path: string) =>
    readSummary(path) ?? (await gatherFix(unit, path, pool, context.signal, functionContext));
  const failed: unknown[] = [];
  let done = 0;
  let found = 0;
  const own = new OwnShare(share.shard);
  const onMessage = (message: string) =>
    context.onProgress?.({ phase: 'fetch', done, total: own.ownOf(source.count ?? found), message });
  for await (const unit of source.units({ ...context, onMessage })) {
    context.signal.throwIfAborted();
    found++;
    const path = share.pathOf(keyWith(unit.key, functionContext));
    own.divide(1, path === undefined ? 0 : 1);
    if (path === undefined) continue;
    const gather = async (): Promise<GatheredUnit> => {
      const gathering = gatherings.get(path) ?? gatherOnce(unit, path);
      gatherings.set(path, gathering);
      const summary = await gathering;
      done++;
      onMessage(unit.facts.project);
      return { path, summary, facts: unit.facts, sourceName: source.info.name, source: number };
    };
    const work = gather();
    units.push(work);
    const watched = work.catch((error: unknown) => failed.push(error)).finally(() => running.delete(watched));
    running.add(watched);
    if (running.size > pool.concurrency) await Promise.race(running);
    if (failed.length > 0) break;
  }
  await Promise.all(running);
  if (failed.length > 0) throw failed[0];
  return Promise.all(units);
}

/** A unit with other contexts is another unit. */
const keyWith = (key: string, context: ContextOptions | undefined): string =>
  context === undefined ? key : `${key} with ${context.kind} up to ${context.maxTokens}`;
