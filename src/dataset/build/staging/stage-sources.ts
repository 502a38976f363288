/**
 * @file All units of all sources, staged: those that are on disk already are passed over, the others analysed, a few at
 * once. Returns them in the sources' order, whatever finished first. Selection comes later.
 */
import { join } from 'node:path';
import { ReasonTally } from '../../../base/tally.ts';
import { removeLeftovers } from '../../../base/temporary-files.ts';
import { createExtractionPool } from '../../../source/extraction-pool.ts';
import { type OnProgress, stopIfAborted } from '../progress.ts';
import type { ChangeSource, DatasetSource, FixUnit, SourceContext } from '../source.ts';
import { stageRecords } from './stage-records.ts';
import { stageUnit } from './stage-unit.ts';
import { readSummary, type StagedSummary, stagedPath } from './staged-unit.ts';
import type { StagedUnit, StagingContext } from './staging-context.ts';

export interface StageOptions {
  readonly cacheDir: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
}

export interface StagedSources {
  readonly units: readonly StagedUnit[];
  /** What sources left out before any file was looked into. */
  readonly input: Readonly<Record<string, number>>;
}

/** @throws VultuneError `DATASET_BUILD_STOPPED`, and the sources' own. */
export async function stageSources(
  sources: readonly DatasetSource[],
  options: StageOptions,
): Promise<StagedSources> {
  const tally = new ReasonTally();
  const pool = createExtractionPool({ threads: options.threads });
  const stagingDir = join(options.cacheDir, 'staged');
  removeLeftovers(stagingDir, 1);
  const units: StagedUnit[] = [];
  try {
    for (const [number, source] of sources.entries()) {
      const context: SourceContext = {
        tally,
        signal: options.signal,
        cacheDir: options.cacheDir,
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      };
      const staging = { stagingDir, context, pool, source: number };
      if (source.kind === 'records') units.push(...(await stageRecords(source, staging)));
      else units.push(...(await stageChanges(source, staging)));
    }
  } catch (error) {
    stopIfAborted(options.signal);
    throw error;
  } finally {
    await pool.close();
  }
  return { units, input: tally.counts() };
}

async function stageChanges(
  source: ChangeSource,
  { stagingDir, context, pool, source: number }: StagingContext,
): Promise<StagedUnit[]> {
  const units: Promise<StagedUnit>[] = [];
  const running = new Set<Promise<unknown>>();
  /** By path: a source that names a fix twice must not have it written twice at once. */
  const stagings = new Map<string, Promise<StagedSummary>>();
  const stageOnce = async (unit: FixUnit, path: string) =>
    readSummary(path) ?? (await stageUnit(unit, path, pool, context.signal));
  const failed: unknown[] = [];
  let done = 0;
  let found = 0;
  const report = (message: string) =>
    context.onProgress?.({ stage: 'fetch', done, total: source.count ?? found, message });
  for await (const unit of source.units(context)) {
    context.signal.throwIfAborted();
    found++;
    const path = stagedPath(stagingDir, unit.key);
    const stage = async (): Promise<StagedUnit> => {
      const staging = stagings.get(path) ?? stageOnce(unit, path);
      stagings.set(path, staging);
      const summary = await staging;
      done++;
      report(unit.facts.project);
      return { path, summary, facts: unit.facts, sourceName: source.info.name, source: number };
    };
    const work = stage();
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
