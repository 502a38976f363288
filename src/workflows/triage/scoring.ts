/** @file A model with its threshold and its caches, kept open over several questions: what triage and the tools of an agent score with. */
import { availableParallelism } from 'node:os';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import type { OutlineIndex } from '../../scan/cache/outline-index.ts';
import { type ScanFilesOptions, type ScanFilesResult, scanFiles } from '../../scan/scan-files.ts';
import { createExtractionPool } from '../../source/extraction-pool.ts';
import type { WorkflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import { type ScanModel, scanModel } from '../scan/model.ts';
import { type PausableProgress, scanProgress } from '../scan/progress.ts';
import type { ThresholdChoice } from '../scan/scan-options.ts';
import { type ScoreScale, scoreScale } from '../scan/score-scale.ts';
import { openOutlines, saveOutlines } from '../scan/sources.ts';

export interface ScoringOptions extends DeviceOptions {
  /** A run folder, an adapter folder, or an adapter's id on the hub. */
  readonly run: string;
  /** The folder that the files are in; outlines of a scan of it are used. */
  readonly root: string;
  readonly threshold?: ThresholdChoice | undefined;
  readonly blend?: BlendChoice | undefined;
  readonly maxLength?: number | undefined;
  readonly cache?: boolean | undefined;
}

export interface Scoring {
  readonly adapter: AdapterHeader;
  readonly scale: ScoreScale;
  readonly outlines: OutlineIndex;
  readonly model: ScanModel;
  readonly progress: PausableProgress;
  readonly numThreads: number | undefined;
}

/** The model itself is opened when something is first asked of it. Throws what finding an adapter throws. */
export async function openScoring(options: ScoringOptions, context: WorkflowContext): Promise<Scoring> {
  const adapter = await findAdapter(options.run, context);
  const asScan = { ...options, paths: [options.root] };
  const progress = scanProgress(context.report);
  const scale = await scoreScale(asScan, adapter);
  if (scale.blend !== undefined) context.report.note(scale.blend);
  return {
    adapter,
    scale,
    outlines: openOutlines(asScan),
    model: await scanModel(asScan, adapter, scale, context, progress.pause),
    progress,
    numThreads: options.numThreads,
  };
}

/** Starting more workers than one costs more than parsing a few files. */
const FILES_WORTH_WORKERS = 100;

export type ScoredFiles = Pick<
  ScanFilesOptions,
  'files' | 'notices' | 'onFunction' | 'choose' | 'onSuppressionProblem'
>;

/** Scores functions of files. An aborted signal ends it early (`complete: false`). */
export async function scoreFiles(
  { model, outlines, progress, numThreads }: Scoring,
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
