/**
 * @file Logistic regression on TF-IDF of token n-grams: the baseline that many a fine-tuned model fails to beat.
 * C is chosen on validation by ROC AUC.
 */
import { randomStream } from '../../base/random.ts';
import { rankScores } from '../metrics/ranked-scores.ts';
import { computeMetric } from '../metrics/registry.ts';
import { type Baseline, type LabelledFunction, trainingPrevalence } from './baseline.ts';
import {
  fitLogisticRegression,
  type LogisticRegressionFit,
  predictProbabilities,
} from './logistic-regression.ts';
import { fitTfidf } from './tfidf.ts';

const label = 'TF-IDF + logistic regression';

/** Values of C tried, from strong to weak regularisation; of equal ROC AUCs the first wins. */
const GRID = [0.1, 1, 10, 100, 1000];
/** scikit-learn's default, when there is no validation data to choose on. */
const DEFAULT_C = 1;
const OPTIONS = { maxNgram: 3, minDocuments: 2 };
/** Characters of training code; more is sampled down to this, which keeps memory under about 1 GB. */
const MAX_CHARACTERS = 40_000_000;

export const tfidfLogisticRegression: Baseline = {
  name: 'tfidfLogisticRegression',
  label,
  fit(train, validation = []) {
    trainingPrevalence(label, train);
    const used = withinBudget(train, MAX_CHARACTERS);
    const vectorizer = fitTfidf(
      used.map((entry) => entry.code),
      OPTIONS,
    );
    const features = vectorizer.transform(used.map((entry) => entry.code));
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
    const sampled =
      used.length < train.length ? `, fitted on ${used.length} of ${train.length} functions` : '';
    const unfinished = model.converged ? '' : ', not fully converged';
    return {
      score: (functions) =>
        predictProbabilities(vectorizer.transform(functions.map((entry) => entry.code)), model),
      note: `C = ${c}, ${vectorizer.featureCount} n-grams${sampled}${unfinished}`,
    };
  },
};

/** The functions themselves, or a seeded sample of them that has at most so many characters and both labels. */
function withinBudget(
  train: readonly LabelledFunction[],
  maxCharacters: number,
): readonly LabelledFunction[] {
  if (train.reduce((sum, entry) => sum + entry.code.length, 0) <= maxCharacters) return train;
  const shuffled = randomStream(0, 'tfidf-sample').shuffle(train);
  const kept = new Set<LabelledFunction>([0, 1].map((target) => shuffled.find((e) => e.target === target)!));
  let left = maxCharacters;
  for (const entry of shuffled) {
    if (entry.code.length > left) continue;
    left -= entry.code.length;
    kept.add(entry);
  }
  return train.filter((entry) => kept.has(entry));
}
