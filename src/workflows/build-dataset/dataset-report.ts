/** @file Puts a dataset's report.html together: records read back, counted, shown. Chooses nothing of what is shown. */
import { basename, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { readParts } from '../../dataset/formats/read-parts.ts';
import type { MatchedCommit } from '../../dataset/source.ts';
import { collectStatistics } from '../../dataset/statistics/collect-statistics.ts';
import { datasetReportPage } from '../../report/dataset-report.ts';
import type { WorkflowContext } from '../context.ts';
import { type TokenCounter, tokenCounter } from '../open/token-counter.ts';
import { readingProgress } from '../reading-progress.ts';

/** Token lengths are estimates unless `baseModel` is on this machine. @throws VultuneError as the readers. */
export async function writeDatasetReport(
  outDir: string,
  {
    baseModel,
    seed,
    matched,
  }: {
    readonly baseModel?: string | undefined;
    readonly seed: number;
    /** Commits that a pattern of messages took for fixes. */
    readonly matched?: readonly MatchedCommit[] | undefined;
  },
  context: WorkflowContext,
): Promise<void> {
  const tokenizer = baseModel === undefined ? undefined : await cachedTokenCounter(baseModel, context);
  const { report, signal } = context;
  const progress = readingProgress(report, { label: 'report.html' });
  try {
    const { onProgress } = progress;
    const records = readParts([outDir], { requireTarget: true, signal, onProgress });
    const statistics = await collectStatistics(records, {
      name: basename(resolve(outDir)),
      seed,
      ...(tokenizer === undefined ? {} : { tokenizer }),
    });
    writeFileAtomic(join(outDir, 'report.html'), datasetReportPage(statistics, { matched }));
  } finally {
    progress.stop();
  }
}

/** A page is not worth a download, nor the loss of a dataset that has just been built. */
async function cachedTokenCounter(
  baseModel: string,
  context: WorkflowContext,
): Promise<TokenCounter | undefined> {
  try {
    return await tokenCounter(baseModel, undefined, context, { offline: true });
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    context.report.warn(`token lengths in report.html are estimates: ${error.message}`);
    return undefined;
  }
}
