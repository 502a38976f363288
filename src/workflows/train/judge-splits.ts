/**
 * @file What a finished training says of itself: a calibration and operating points from validation, every split beside its
 * baselines and the blend with intervals, what of it was trained on. Writes nothing.
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import { type AlarmBudget, defaultBudget } from '../../evaluation/alarm-budget.ts';
import { blendScores } from '../../evaluation/blend/blend.ts';
import { blendNote } from '../../evaluation/blend/describe-blend.ts';
import { type Calibration, calibrateAll } from '../../evaluation/calibration/calibration.ts';
import { chooseCalibration } from '../../evaluation/calibration/choose-calibration.ts';
import {
  type BlendedScores,
  type Comparison,
  compareWithBaselines,
  fitBaselines,
  withIntervals,
} from '../../evaluation/compare-baselines.ts';
import {
  type Contamination,
  findContamination,
  fingerprintTraining,
  type TrainingFingerprints,
} from '../../evaluation/contamination.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import { clusterRecords } from '../../evaluation/resampling/clusters.ts';
import { type StorableBlend, storableBlend, type TrainedBlend, trainBlend } from './train-blend.ts';

/** A split after its evaluation. */
export interface EvaluatedSplit {
  readonly name: 'valid' | 'test';
  readonly records: readonly LabelledRecord[];
  /** [N] probability of vulnerable, the network's own. */
  readonly scores: Float64Array;
  /** [N] what a CWE head says of the functions that have one of its CWEs; undefined without such a head. */
  readonly cwes?: readonly (readonly CweProbability[] | undefined)[] | undefined;
}

export interface JudgedSplit {
  readonly split: EvaluatedSplit;
  /** [N] calibrated. */
  readonly scores: Float64Array;
  readonly comparison: Comparison;
  readonly contamination: Contamination;
}

export interface JudgedSplits {
  readonly calibration: Calibration | undefined;
  /** On the calibrated scale. */
  readonly threshold: number;
  /** On the calibrated scale; undefined where all of validation is vulnerable. */
  readonly alarmBudget: AlarmBudget | undefined;
  readonly blend: StorableBlend;
  readonly fingerprints: TrainingFingerprints;
  readonly judged: readonly JudgedSplit[];
}

/** @param splits validation among them, with the network's own probabilities */
export async function judgeSplits(
  train: readonly LabelledRecord[],
  splits: readonly EvaluatedSplit[],
): Promise<JudgedSplits> {
  const valid = splits.find(({ name }) => name === 'valid')!;
  const calibration = chooseCalibration(valid)?.calibration;
  const onValidation = { records: valid.records, scores: calibrateAll(calibration, valid.scores) };
  const threshold = thresholdFor(onValidation);
  const baselines = fitBaselines({ train, validation: valid.records });
  const trained = trainBlend(train, valid, baselines);
  const fingerprints = fingerprintTraining(train);
  const judged: JudgedSplit[] = [];
  for (const split of splits) {
    const scores = calibrateAll(calibration, split.scores);
    const blend = blendedScores(trained, split);
    const bare = compareWithBaselines(
      { test: split.records, scores, threshold, thresholdFrom: 'validation', blend },
      baselines,
    );
    judged.push({
      split,
      scores,
      comparison: await withIntervals(bare, split.records, { clusters: clusterRecords(split.records) }),
      contamination: findContamination(split.records, fingerprints),
    });
  }
  const last = judged.at(-1)!;
  const blend = storableBlend(trained, last.split.name, last.comparison);
  return { calibration, threshold, alarmBudget: defaultBudget(onValidation), blend, fingerprints, judged };
}

/** Cross-fitted on validation, where the blend was fitted. */
function blendedScores(
  trained: TrainedBlend,
  { name, records, scores }: EvaluatedSplit,
): BlendedScores | undefined {
  if (trained.blend === undefined) return undefined;
  const { blend, crossFitted, note } = trained;
  const isFitted = name === 'valid';
  return {
    scores: isFitted
      ? crossFitted
      : blendScores(blend, { codes: records.map(({ code }) => code), rawScores: scores }),
    threshold: blend.threshold,
    note: `${blendNote(blend, isFitted)}${note}`,
    isUsed: blend.used,
  };
}
