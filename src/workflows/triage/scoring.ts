/** @file A model with its threshold and its caches, kept open over several questions: what triage and the tools of an agent score with. */
import { availableParallelism } from 'node:os';
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import type { OutlineIndex } from '../../scan/cache/outline-index.ts';
import { type ScanFilesOptions, type ScanFilesResult, scanFiles } from '../../scan/scan-files.ts';
import { createExtractionPool } from '../../source/extraction-pool.ts';
import type { WorkflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import { requireLocal } from '../open/open-prompted.ts';
import { promptedScanModel, type ScanModel, scanModel } from '../scan/model.ts';
import { type PausableProgress, scanProgress } from '../scan/progress.ts';
import type { ScanOptions, ThresholdChoice } from '../scan/scan-options.ts';
import { promptedScale, type ScoreScale, scoreScale } from '../scan/score-scale.ts';
import { openOutlines, saveOutlines } from '../scan/sources.ts';

export interface ScoringOptions extends DeviceOptions {
  /** A run folder (of a prompted model too, where that runs here), an adapter folder, or an adapter's id on the hub. */
  readonly run: string;
  /** The folder that the files are in; outlines of a scan of it are used. */
  readonly root: string;
  readonly threshold?: ThresholdChoice | undefined;
  readonly blend?: BlendChoice | undefined;
  readonly maxLength?: number | undefined;
  readonly cache?: boolean | undefined;
}

export interface Scoring {
  /** In words. */
  readonly kind: 'a fine-tuned model' | 'a prompted model';
  readonly scale: ScoreScale;
  readonly outlines: OutlineIndex;
  readonly model: ScanModel;
  readonly progress: PausableProgress;
  readonly numThreads: number | undefined;
}

/**
 * The model itself is opened when something is first asked of it.
 * @throws VultuneError PROMPT_ENDPOINT_NOT_ALLOWED, and what finding an adapter throws
 */
export async function openScoring(options: ScoringOptions, context: WorkflowContext): Promise<Scoring> {
  const asScan = { ...options, paths: [options.root] };
  const progress = scanProgress(context.report);
  const judged = await openJudged(asScan, context, progress.pause);
  const { blend } = judged.scale;
  if (blend !== undefined) context.report.note(blend);
  return {
    ...judged,
    outlines: openOutlines(asScan, judged.scale.functionContext),
    progress,
    numThreads: options.numThreads,
  };
}

async function openJudged(
  options: ScanOptions,
  context: WorkflowContext,
  beforeOpening: () => void,
): Promise<Pick<Scoring, 'kind' | 'scale' | 'model'>> {
  const prompted = readPromptedRun(options.run, options.maxLength);
  if (prompted !== undefined) {
    requireLocal(prompted);
    const scale = promptedScale(options, prompted);
    const model = promptedScanModel(options, prompted, context, beforeOpening);
    return { kind: 'a prompted model', scale, model };
  }
  const adapter = await findAdapter(options.run, context);
  const scale = await scoreScale(options, adapter);
  const model = await scanModel(options, adapter, scale, context, beforeOpening);
  return { kind: 'a fine-tuned model', scale, model };
}

/** Starting more workers than one costs more than parsing a few files. */
const FILES_WORTH_WORKERS = 100;

export type ScoredFiles = Pick<
  ScanFilesOptions,
  'files' | 'notices' | 'onFunction' | 'choose' | 'onSuppressionProblem'
>;

/** Scores functions of files. An aborted signal ends it early (`complete: false`). */
export async function scoreFiles(
  { model, outlines, progress, numThreads, scale: { functionContext } }: Scoring,
  files: ScoredFiles,
  { signal, report }: WorkflowContext,
): Promise<ScanFilesResult> {
  const isFew = files.files.length < FILES_WORTH_WORKERS;
  const threads = isFew ? 1 : (numThreads ?? availableParallelism());
  try {
    const result = await scanFiles({
      ...files,
      openPool: () => createExtractionPool({ threads }),
      openJudge: model.open,
      outlines,
      functionContext,
      scores: model.scores,
      signal,
      onProgress: progress.update,
    });
    // The files are some of the tree: what is kept of the others stays.
    saveOutlines(outlines, false, report);
    return result;
  } finally {
    progress.pause();
  }
}
