/** @file TF-IDF of token n-grams under logistic regression: the vectorizer and its weights. C is chosen on validation by ROC AUC. */
import { rankScores } from '../metrics/ranked-scores.ts';
import { computeMetric } from '../metrics/registry.ts';
import type { LabelledFunction } from './baseline.ts';
import {
  fitLogisticRegression,
  type LogisticRegressionFit,
  type LogisticRegressionModel,
  predictProbabilities,
} from './logistic-regression.ts';
import { timesVector } from './sparse-matrix.ts';
import { fitTfidf, type TfidfVectorizer } from './tfidf.ts';
import { sampleWithin } from './training-sample.ts';

/** Values of C tried, from strong to weak regularisation; of equal ROC AUCs the first wins. */
const GRID = [0.1, 1, 10, 100, 1000];
/** scikit-learn's default, when no validation data exists to choose on. */
const DEFAULT_C = 1;
const MAX_NGRAM = 3;
const MIN_DOCUMENTS = 2;
/** Characters of training code; more is sampled down to this. Measured at 37 million: 500 MB, a minute or two. */
const MAX_CHARACTERS = 40_000_000;

export interface TfidfClassifier {
  readonly vectorizer: TfidfVectorizer;
  readonly model: LogisticRegressionModel;
}

export interface FittedTfidfClassifier extends TfidfClassifier {
  /** What was chosen or left out while fitting. */
  readonly note: string;
}

/**
 * @param maxFeatures n-grams at most: those of the fewest training functions are left out; default: all of two functions or more
 * @param train with both labels
 */
export function fitTfidfClassifier(
  train: readonly LabelledFunction[],
  validation: readonly LabelledFunction[],
  maxFeatures = Number.POSITIVE_INFINITY,
): FittedTfidfClassifier {
  const used = sampleWithin(train, MAX_CHARACTERS);
  const codes = used.map((entry) => entry.code);
  const { vectorizer, minDocuments } = fitWithin(codes, maxFeatures);
  const features = vectorizer.transform(codes);
  const labels = used.map((entry) => entry.target);
  const solve = (c: number, start?: LogisticRegressionFit) =>
    fitLogisticRegression({
      features,
      labels,
      inverseRegularization: c,
      ...(start === undefined ? {} : { start }),
    });

  const validationLabels = validation.map((entry) => entry.target);
  let chosen: { c: number; model: LogisticRegressionFit; auc: number } | undefined;
  if (validationLabels.includes(0) && validationLabels.includes(1)) {
    const validationFeatures = vectorizer.transform(validation.map((entry) => entry.code));
    let model: LogisticRegressionFit | undefined;
    for (const c of GRID) {
      model = solve(c, model);
      const ranked = rankScores(validationLabels, predictProbabilities(validationFeatures, model));
      const auc = computeMetric('rocAuc', ranked, 0.5)!;
      if (chosen === undefined || auc > chosen.auc) chosen = { c, model, auc };
    }
  }
  const { c, model } = chosen ?? { c: DEFAULT_C, model: solve(DEFAULT_C) };
  const rare = minDocuments > MIN_DOCUMENTS ? ` of at least ${minDocuments} functions` : '';
  const sampled = used.length < train.length ? `, fitted on ${used.length} of ${train.length} functions` : '';
  const unfinished = model.converged ? '' : ', not fully converged';
  return {
    vectorizer,
    model,
    note: `C = ${c}, ${vectorizer.featureCount} n-grams${rare}${sampled}${unfinished}`,
  };
}

/** [N] log of the odds. */
export function tfidfLogits({ vectorizer, model }: TfidfClassifier, codes: readonly string[]): Float64Array {
  const out = new Float64Array(codes.length);
  timesVector(vectorizer.transform(codes), model.weights, model.intercept, out);
  return out;
}

function fitWithin(codes: readonly string[], maxFeatures: number) {
  const all = fitTfidf(codes, { maxNgram: MAX_NGRAM, minDocuments: MIN_DOCUMENTS });
  if (all.featureCount <= maxFeatures) return { vectorizer: all, minDocuments: MIN_DOCUMENTS };
  // An n-gram is in no more functions than any part of it: asked for d functions, exactly those of d or more are found.
  const frequencies = Float64Array.from(all.vocabulary.documentFrequencies).sort();
  const minDocuments = frequencies.at(-maxFeatures - 1)! + 1;
  return { vectorizer: fitTfidf(codes, { maxNgram: MAX_NGRAM, minDocuments }), minDocuments };
}
