/** @file The scores of a run's blend on the file of an evaluation: cross-fitted where that is the file the blend was fitted on. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { type Blend, blendScores } from '../../evaluation/blend/blend.ts';
import { readBlend } from '../../evaluation/blend/blend-file.ts';
import { blendNote } from '../../evaluation/blend/describe-blend.ts';
import { crossFittedScores } from '../../evaluation/blend/fit-blend.ts';
import type { BlendedScores } from '../../evaluation/compare-baselines.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import { isValidationOf } from './evaluation-files.ts';
import type { ScoringRun } from './scoring-run.ts';

export interface RawScored {
  readonly path: string;
  readonly records: readonly LabelledRecord[];
  /** [N] probability of vulnerable, the network's own. */
  readonly scores: Float64Array;
}

/**
 * [N] of the whole file; undefined for an adapter without a blend.
 * @param validation chooses the threshold where the user named it
 * @throws VultuneError ADAPTER_BLEND
 */
export async function blendedRun(
  run: ScoringRun,
  test: RawScored,
  validation: RawScored | undefined,
  wishes: Pick<EvaluateOptions, 'valid' | 'threshold' | 'blend'>,
): Promise<BlendedScores | undefined> {
  const blend = wishes.blend === 'off' ? undefined : readBlend(run.scoredBy.folder)?.blend;
  if (blend === undefined) return undefined;
  const own = await scoresOf(run, blend, test);
  if (own === undefined) return undefined;
  const said = { note: blendNote(blend, own.isCrossFitted), isUsed: blend.used };
  const { scores } = own;
  if (wishes.threshold !== undefined) {
    return { scores, threshold: wishes.threshold, thresholdFrom: 'given', ...said };
  }
  const chosen =
    wishes.valid === undefined || validation === undefined
      ? undefined
      : await scoresOf(run, blend, validation);
  if (chosen === undefined) return { scores, threshold: blend.threshold, thresholdFrom: 'adapter', ...said };
  const threshold = thresholdFor({ records: validation!.records, scores: chosen.scores });
  return { scores, threshold, thresholdFrom: 'validation', ...said };
}

/** Undefined where the file is the run's validation, and yet not one that a blend can be cross-fitted on. */
async function scoresOf(run: ScoringRun, blend: Blend, { path, records, scores }: RawScored) {
  if (!(await isValidationOf(path, [run]))) {
    const codes = records.map(({ code }) => code);
    return { scores: blendScores(blend, { codes, rawScores: scores }), isCrossFitted: false };
  }
  const crossFitted = crossFittedScores({ records, scores }, blend);
  return crossFitted && { scores: crossFitted, isCrossFitted: true };
}
