/** @file A dataset build for people: the builder with its progress, then the page and the summary. */
import type { BuildOptions, buildDataset } from '../../../dataset/builder/build-dataset.ts';
import { buildProgress } from '../../../workflows/build-dataset/build-progress.ts';
import type { CliContext } from '../../context.ts';
import { buildSummary } from '../../display/build-summary.ts';
import { terminalReporter } from '../../display/terminal-reporter.ts';
import { type DatasetReport, finishDataset, type ReportOptions } from './report-options.ts';

export interface BuildStages {
  readonly build: typeof buildDataset;
  /** Where what is fetched and analysed is kept unless told otherwise. */
  readonly cacheDir: () => Promise<string>;
  /** Writes report.html into the built dataset; default: the stage that does. */
  readonly report?: DatasetReport;
}

export interface BuildRequest
  extends Omit<BuildOptions, 'outDir' | 'cacheDir' | 'onProgress' | 'signal' | 'threads'>,
    ReportOptions {
  readonly out: string;
  readonly cacheDir?: string;
  readonly numThreads?: number;
  readonly json: boolean;
}

/** @throws VultuneError as `buildDataset`. */
export async function runBuild(
  request: BuildRequest,
  stages: BuildStages,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr, signal } = context;
  const { out, json, cacheDir, baseModel, report, numThreads, ...others } = request;
  const display = buildProgress(terminalReporter(stderr));
  try {
    const result = await stages.build({
      ...others,
      ...(numThreads === undefined ? {} : { threads: numThreads }),
      outDir: out,
      cacheDir: cacheDir ?? (await stages.cacheDir()),
      onProgress: display.onProgress,
      signal,
    });
    display.stop();
    const { seed } = result.info.options;
    const written = await finishDataset(out, { report, baseModel, seed }, context, stages.report);
    stdout.write(
      json ? `${JSON.stringify(result.info, null, 2)}\n` : `${buildSummary(result.info, stdout)}${written}`,
    );
  } finally {
    display.stop();
  }
}
