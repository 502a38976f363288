/** @file Puts a dataset's report.html together: records read back, counted, shown. Chooses nothing of what is shown. */
import { basename, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { readParts } from '../../dataset/check/read-parts.ts';
import { collectStatistics } from '../../dataset/statistics/collect-statistics.ts';
import { datasetReportPage } from '../../report/dataset-report.ts';
import type { CliContext } from '../context.ts';
import { tokenCounter } from './token-counter.ts';

/** Lengths are estimates unless a model says whose tokens to count. @throws VultuneError as the readers. */
export async function writeDatasetReport(
  outDir: string,
  { baseModel, seed }: { readonly baseModel?: string | undefined; readonly seed: number },
  context: CliContext,
): Promise<void> {
  const records = readParts([outDir], { requireTarget: true, stdin: context.stdin, signal: context.signal });
  const statistics = await collectStatistics(records, {
    name: basename(resolve(outDir)),
    seed,
    ...(baseModel === undefined ? {} : { tokenizer: await tokenCounter(baseModel, undefined, context) }),
  });
  writeFileAtomic(join(outDir, 'report.html'), datasetReportPage(statistics));
}
