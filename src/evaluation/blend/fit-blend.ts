/** @file Fits a blend on validation and says, by cross-fitting, whether it ranks better than the model alone. */
import { defaultBudget } from '../alarm-budget.ts';
import { fitLogisticRegression } from '../baselines/logistic-regression.ts';
import { sparseMatrix } from '../baselines/sparse-matrix.ts';
import { standardiser } from '../baselines/standardiser.ts';
import type { TfidfClassifier } from '../baselines/tfidf-classifier.ts';
import { thresholdFor } from '../evaluate.ts';
import { clusterFolds } from '../folds.ts';
import { rankScores } from '../metrics/ranked-scores.ts';
import { computeMetric } from '../metrics/registry.ts';
import type { ClusteredRecord } from '../resampling/clusters.ts';
import { BLEND_FEATURES, type Blend, type BlendWeights, blendFeatures, blendProbability } from './blend.ts';

export interface BlendData {
  readonly records: readonly (ClusteredRecord & { readonly code: string; readonly target: number })[];
  /** [N] probability of vulnerable, the network's own, before calibration. */
  readonly scores: ArrayLike<number>;
}

export type FittedBlend =
  | {
      readonly blend: Blend;
      /** [N] of validation, each by a blend that was fitted without the function and what hangs together with it. */
      readonly crossFitted: Float64Array;
    }
  /** Why there is none. */
  | { readonly blend: undefined; readonly reason: string };

const FOLDS = 5;
/** scikit-learn's default; three features of a few hundred functions need no more. */
const INVERSE_REGULARIZATION = 1;
/** With fewer functions than these, which of two rankings is better is chance. */
const LEAST_FUNCTIONS = 30;
const LEAST_OF_A_CLASS = 10;

/** What it says of itself on other functions is not known yet: `measured` is undefined. */
export function fitBlend({ records, scores }: BlendData, tfidf: TfidfClassifier): FittedBlend {
  const labels = records.map(({ target }) => target);
  const positives = labels.filter((label) => label === 1).length;
  const negatives = labels.length - positives;
  if (labels.length < LEAST_FUNCTIONS || Math.min(positives, negatives) < LEAST_OF_A_CLASS) {
    return {
      blend: undefined,
      reason:
        `validation has ${positives} vulnerable and ${negatives} other functions, and a blend needs ${LEAST_FUNCTIONS}, ` +
        `at least ${LEAST_OF_A_CLASS} of each`,
    };
  }
  const features = featuresOf({ records, scores }, tfidf);
  const crossFitted = crossFit(records, features);
  if (crossFitted === undefined) {
    return { blend: undefined, reason: 'a fold of validation leaves functions of one label alone' };
  }
  const area = (of: ArrayLike<number>) => computeMetric('rocAuc', rankScores(labels, of), 0.5)!;
  const rocAuc = { model: area(scores), blend: area(crossFitted) };
  const blend: Blend = {
    ...fitWeights(features, labels),
    used: rocAuc.blend > rocAuc.model,
    rocAuc,
    functions: labels.length,
    prevalence: positives / labels.length,
    // Scores of functions that it was fitted on lie too far apart.
    threshold: thresholdFor({ records, scores: crossFitted }),
    alarmBudget: defaultBudget({ records, scores: crossFitted }),
    measured: undefined,
    tfidf,
  };
  return { blend, crossFitted };
}

/** [N] the cross-fitted scores once more, for who has the blend alone: the same data gives the same. */
export function crossFittedScores(
  data: BlendData,
  { tfidf }: Pick<Blend, 'tfidf'>,
): Float64Array | undefined {
  return crossFit(data.records, featuresOf(data, tfidf));
}

const featuresOf = ({ records, scores }: BlendData, tfidf: TfidfClassifier) =>
  blendFeatures({ codes: records.map(({ code }) => code), rawScores: scores }, tfidf);

/** Undefined where the functions outside a fold have one label. */
function crossFit(
  records: BlendData['records'],
  features: readonly (readonly number[])[],
): Float64Array | undefined {
  const folds = clusterFolds(records, FOLDS, 'blend-folds');
  const scores = new Float64Array(records.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = [...records.keys()];
    const inside = rows.filter((row) => folds[row] !== fold);
    const labels = inside.map((row) => records[row]!.target);
    if (!labels.includes(0) || !labels.includes(1)) return undefined;
    const weights = fitWeights(
      inside.map((row) => features[row]!),
      labels,
    );
    for (const row of rows) if (folds[row] === fold) scores[row] = blendProbability(weights, features[row]!);
  }
  return scores;
}

function fitWeights(features: readonly (readonly number[])[], labels: readonly number[]): BlendWeights {
  const standards = BLEND_FEATURES.map((_, i) => standardiser(features.map((row) => row[i]!)));
  const means = standards.map(({ mean }) => mean);
  const scales = standards.map(({ scale }) => scale);
  const indices = [...BLEND_FEATURES.keys()];
  const rows = features.map((row) => ({
    indices,
    values: indices.map((i) => (row[i]! - means[i]!) * scales[i]!),
  }));
  const { weights, intercept } = fitLogisticRegression({
    features: sparseMatrix(rows, indices.length),
    labels,
    inverseRegularization: INVERSE_REGULARIZATION,
  });
  return { means, scales, weights: [...weights], intercept };
}
