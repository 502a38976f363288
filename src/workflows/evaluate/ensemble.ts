/** @file Several runs as one: their logits averaged, the threshold chosen on validation averaged alike. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { logit, sigmoid } from '../../evaluation/calibration/calibration.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import type { PreparedRun } from './prepare-run.ts';

/** Without validation scores of all of them the threshold is the average of theirs. */
export function ensembleOf(
  runs: readonly PreparedRun[],
  validation: readonly LabelledRecord[] | undefined,
  threshold: number | undefined,
): PreparedRun {
  const validScores = runs.flatMap((run) => (run.validScores === undefined ? [] : [run.validScores]));
  const onValidation =
    validation !== undefined && validScores.length === runs.length ? averageLogits(validScores) : undefined;
  const chosen = onValidation && thresholdFor({ records: validation!, scores: onValidation });
  const [average] = averageLogits(runs.map((run) => Float64Array.of(run.threshold)));
  return {
    name: `ensemble of ${runs.length}`,
    scores: averageLogits(runs.map(({ scores }) => scores)),
    validScores: onValidation,
    threshold: threshold ?? chosen ?? average!,
    // The average of theirs is from where theirs are.
    thresholdFrom:
      threshold !== undefined ? 'given' : chosen !== undefined ? 'validation' : runs[0]!.thresholdFrom,
    calibration: undefined,
  };
}

/** [N] sigmoid of the mean logit. */
function averageLogits(scores: readonly Float64Array[]): Float64Array {
  return scores[0]!.map((_, i) =>
    sigmoid(scores.reduce((sum, one) => sum + logit(one[i]!), 0) / scores.length),
  );
}

export interface MeanOfRuns {
  readonly mean: number;
  /** Sample standard deviation (n - 1); `undefined` for one run. */
  readonly sd: number | undefined;
  /** Runs that have a value. */
  readonly runs: number;
}

export function meanOfRuns(values: readonly (number | undefined)[]): MeanOfRuns | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    sd: known.length < 2 ? undefined : Math.sqrt(squares / (known.length - 1)),
    runs: known.length,
  };
}
