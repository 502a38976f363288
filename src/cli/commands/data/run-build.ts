/** @file A dataset build for people: the builder with its progress, then the summary. */
import type { DatasetSource } from '../../../dataset/source.ts';
import { formatShard } from '../../../shards/shard.ts';
import type { BuildDatasetOptions, BuildParts } from '../../../workflows/build-dataset/build-dataset.ts';
import type { CliContext } from '../../context.ts';
import { buildSummary } from '../../display/build-summary.ts';
import { reporting } from '../../display/terminal-reporter.ts';
import type { ShardOptions } from '../../options.ts';
import { type ReportOptions, writtenTo } from './report-options.ts';

export interface BuildRequest
  extends Omit<
      BuildDatasetOptions,
      'sources' | 'sourceOptions' | 'report' | 'baseModel' | 'threads' | 'merge'
    >,
    ReportOptions,
    ShardOptions {
  readonly sources: readonly DatasetSource[];
  readonly numThreads?: number;
  readonly json: boolean;
}

/** @throws VultuneError as `buildDataset`. */
export async function runBuild(
  { json, numThreads, shard, ...options }: BuildRequest,
  parts: BuildParts,
  context: CliContext,
): Promise<void> {
  const { buildShardWith, buildWith } = await import('../../../workflows/build-dataset/build-dataset.ts');
  const threads = numThreads === undefined ? {} : { threads: numThreads };
  if (shard !== undefined) {
    const { own, units } = await buildShardWith(parts, { ...options, ...threads, shard }, reporting(context));
    context.stderr.write(
      `shard ${formatShard(shard)}: ${own} of ${units} fixes and stretches of records analysed: ${options.out}\n`,
    );
    return;
  }
  const { info } = await buildWith(parts, { ...options, ...threads }, reporting(context));
  const { stdout } = context;
  stdout.write(
    json
      ? `${JSON.stringify(info, null, 2)}\n`
      : `${buildSummary(info, stdout)}${writtenTo(options.out, options.report)}`,
  );
}
