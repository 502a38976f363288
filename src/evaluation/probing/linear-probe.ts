/**
 * @file How well a linear classifier does on frozen features: logistic regression without an intercept, as a classifier's
 * head has none (Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes").
 */
import { fitLogisticRegression, type LogisticRegressionFit } from '../baselines/logistic-regression.ts';
import { sparseMatrix } from '../baselines/sparse-matrix.ts';
import { rankScores } from '../metrics/ranked-scores.ts';
import { computeMetric } from '../metrics/registry.ts';
import { delongVariance } from '../resampling/delong.ts';

export interface ProbeFeatures {
  /** [functions, width] */
  readonly values: Float32Array;
  readonly width: number;
  /** [functions] 0 or 1 */
  readonly labels: readonly number[];
}

export interface LinearProbe {
  /** [width] the logit of a function is their product with its features. */
  readonly weights: Float64Array;
  /** C: the larger, the weaker the regularisation; the one of the grid with the best ROC AUC on validation. */
  readonly inverseRegularization: number;
  readonly validation: ProbeScore;
}

export interface ProbeScore {
  readonly rocAuc: number;
  /** 95 % interval by DeLong's variance, which takes functions as independent; undefined with fewer than two of a class. */
  readonly interval: readonly [low: number, high: number] | undefined;
}

/** Features are scaled to a root mean square of 1 in training, so these mean the same for every model. */
const GRID = [1e-4, 1e-3, 1e-2, 1e-1, 1];

/** Throws nothing; both parts hold both labels (the workflows check it). */
export function fitLinearProbe(train: ProbeFeatures, validation: ProbeFeatures): LinearProbe {
  const { width } = train;
  const scales = inverseScales(train);
  const features = dense(train, scales);
  let start: LogisticRegressionFit | undefined;
  let best: { fit: LogisticRegressionFit; c: number; scores: Float64Array; rocAuc: number } | undefined;
  for (const c of GRID) {
    const fit = fitLogisticRegression({
      features,
      labels: train.labels,
      inverseRegularization: c,
      hasIntercept: false,
      ...(start === undefined ? {} : { start }),
    });
    start = fit;
    const weights = fit.weights.map((weight, i) => weight * scales[i]!);
    const scores = logits(validation, weights);
    const rocAuc = computeMetric('rocAuc', rankScores(validation.labels, scores), 0)!;
    if (best === undefined || rocAuc > best.rocAuc) best = { fit, c, scores, rocAuc };
  }
  const { fit, c, scores, rocAuc } = best!;
  return {
    weights: Float64Array.from({ length: width }, (_, i) => fit.weights[i]! * scales[i]!),
    inverseRegularization: c,
    validation: { rocAuc, interval: interval(validation.labels, scores) },
  };
}

/** [functions] */
function logits({ values, width, labels }: ProbeFeatures, weights: Float64Array): Float64Array {
  return Float64Array.from(labels, (_, row) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += values[row * width + i]! * weights[i]!;
    return sum;
  });
}

/** [width] 1 over the root mean square of each feature; 0 for one that is always 0. */
function inverseScales({ values, width, labels }: ProbeFeatures): Float64Array {
  const squares = new Float64Array(width);
  values.forEach((value, i) => {
    squares[i % width]! += value * value;
  });
  return squares.map((sum) => (sum === 0 ? 0 : 1 / Math.sqrt(sum / labels.length)));
}

function dense({ values, width, labels }: ProbeFeatures, scales: Float64Array) {
  const indices = Int32Array.from({ length: width }, (_, i) => i);
  const rows = labels.map((_, row) => ({
    indices,
    values: Float64Array.from(indices, (i) => values[row * width + i]! * scales[i]!),
  }));
  return sparseMatrix(rows, width);
}

function interval(labels: readonly number[], scores: Float64Array): ProbeScore['interval'] {
  const estimate = delongVariance(labels, scores);
  if (estimate === undefined) return undefined;
  const half = 1.96 * Math.sqrt(estimate.variance);
  return [Math.max(0, estimate.auc - half), Math.min(1, estimate.auc + half)];
}
