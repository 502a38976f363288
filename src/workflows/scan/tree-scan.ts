/** @file What every scan begins with: adapter, scale and model found, the tree's files listed, and a run over their functions. */
import { availableParallelism } from 'node:os';
import { type PromptedRun, readPromptedRun } from '../../judging/prompted-run.ts';
import { type ScanFilesOptions, type ScanFilesResult, scanFiles } from '../../scan/scan-files.ts';
import { Notices } from '../../scan/walk/notices.ts';
import { Repositories } from '../../scan/walk/repositories.ts';
import { createExtractionPool } from '../../source/extraction-pool.ts';
import type { WorkflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import { promptedScanModel, type ScanModel, scanModel } from './model.ts';
import { scanProgress } from './progress.ts';
import type { ScanOptions } from './scan-options.ts';
import { promptedScale, type ScoreScale, scoreScale } from './score-scale.ts';
import { findSources, openOutlines, type ScanSources, saveOutlines } from './sources.ts';

/** Starting more workers than one costs more than parsing a few files. */
const FILES_WORTH_WORKERS = 100;

export interface TreeScan {
  /** The folder with the run's settings: those of an adapter, or of a prompted model. */
  readonly folder: string;
  /** Whether the model says which lines made a score. */
  readonly explainsLines: boolean;
  readonly scale: ScoreScale;
  readonly model: ScanModel;
  readonly sources: ScanSources;
  readonly notices: Notices;
}

/** What becomes of functions; by default the model scores them, and its scores are kept. */
export type TreeScanHooks = Pick<ScanFilesOptions, 'onFunction' | 'onSuppressionProblem'> &
  Partial<Pick<ScanFilesOptions, 'openJudge' | 'scores' | 'onFound' | 'share'>>;

/** @throws VultuneError before anything is computed for what the user got wrong: an adapter, path or commit */
export async function withTreeScan<T>(
  options: ScanOptions,
  context: WorkflowContext,
  use: (scan: TreeScan, run: (hooks: TreeScanHooks) => Promise<ScanFilesResult>) => Promise<T>,
): Promise<T> {
  const { signal, report } = context;
  const prompted = readPromptedRun(options.run, options.maxLength);
  const judged =
    prompted === undefined ? await adapterScan(options, context) : promptedScan(options, prompted);
  const { folder, explainsLines, scale } = judged;
  if (scale.blend !== undefined) report.note(scale.blend);
  for (const warning of scale.warnings) report.warn(warning);
  const progress = scanProgress(report);
  const notices = new Notices();
  const repositories = new Repositories(notices, signal);
  let model: ScanModel | undefined;
  try {
    const sources = await findSources(options, { repositories, notices, signal });
    model = await judged.model(context, progress.pause);
    const scan: TreeScan = { folder, explainsLines, scale, model, sources, notices };
    return await use(scan, async (hooks) => {
      const result = await runOver(scan, options, context, { ...hooks, onProgress: progress.update });
      progress.pause();
      return result;
    });
  } finally {
    progress.pause();
    await model?.close();
    await repositories.close();
  }
}

interface Judged extends Pick<TreeScan, 'folder' | 'explainsLines' | 'scale'> {
  readonly model: (context: WorkflowContext, beforeOpening: () => void) => Promise<ScanModel>;
}

async function adapterScan(options: ScanOptions, context: WorkflowContext): Promise<Judged> {
  const adapter = await findAdapter(options.run, context);
  const scale = await scoreScale(options, adapter);
  return {
    folder: adapter.folder,
    explainsLines: true,
    scale,
    model: (...opening) => scanModel(options, adapter, scale, ...opening),
  };
}

const promptedScan = (options: ScanOptions, prompted: PromptedRun): Judged => ({
  folder: prompted.folder,
  explainsLines: false,
  scale: promptedScale(options, prompted),
  model: async (...opening) => promptedScanModel(options, prompted, ...opening),
});

async function runOver(
  { model, sources, notices, scale: { functionContext } }: TreeScan,
  options: ScanOptions,
  { signal, report }: WorkflowContext,
  hooks: TreeScanHooks & Pick<ScanFilesOptions, 'onProgress'>,
): Promise<ScanFilesResult> {
  const outlines = openOutlines(options, functionContext);
  const isFew = sources.files.length < FILES_WORTH_WORKERS;
  const threads = isFew ? 1 : (options.numThreads ?? availableParallelism());
  const result = await scanFiles({
    files: sources.files,
    earlierText: sources.earlierText,
    openPool: () => createExtractionPool({ threads }),
    openJudge: model.open,
    outlines,
    functionContext,
    scores: model.scores,
    notices,
    signal,
    includeMinified: options.includeMinified ?? false,
    passOver: {
      trivial: options.includeTrivial !== true,
      generated: options.includeGenerated !== true,
    },
    ...hooks,
  });
  const complete = result.complete && sources.isWhole;
  saveOutlines(outlines, complete && options.diff === undefined, report);
  return { ...result, complete };
}
