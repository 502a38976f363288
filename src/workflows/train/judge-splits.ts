/**
 * @file What a finished training says of itself: a calibration and a threshold from validation, every split beside its
 * baselines with intervals, what of it was trained on. Writes nothing.
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import { type Calibration, calibrateAll } from '../../evaluation/calibration/calibration.ts';
import { chooseCalibration } from '../../evaluation/calibration/choose-calibration.ts';
import {
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
import { thresholdFor } from '../../evaluation/evaluate.ts';
import { clusterRecords } from '../../evaluation/resampling/clusters.ts';

/** A split after its evaluation. */
export interface EvaluatedSplit {
  readonly name: 'valid' | 'test';
  readonly records: readonly LabelledRecord[];
  /** [N] probability of vulnerable, the network's own. */
  readonly scores: Float64Array;
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
  const threshold = thresholdFor({
    records: valid.records,
    scores: calibrateAll(calibration, valid.scores),
  });
  const baselines = fitBaselines({ train, validation: valid.records });
  const fingerprints = fingerprintTraining(train);
  const judged: JudgedSplit[] = [];
  for (const split of splits) {
    const scores = calibrateAll(calibration, split.scores);
    const bare = compareWithBaselines(
      { test: split.records, scores, threshold, thresholdFrom: 'validation' },
      baselines,
    );
    judged.push({
      split,
      scores,
      comparison: await withIntervals(bare, split.records, { clusters: clusterRecords(split.records) }),
      contamination: findContamination(split.records, fingerprints),
    });
  }
  return { calibration, threshold, fingerprints, judged };
}
