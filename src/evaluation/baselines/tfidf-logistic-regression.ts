/**
 * @file Logistic regression on TF-IDF of token n-grams: the baseline that many a fine-tuned model fails to beat.
 * C is chosen on validation by ROC AUC.
 */
import { rankScores } from '../metrics/ranked-scores.ts';
import { computeMetric } from '../metrics/registry.ts';
import { type Baseline, trainingPrevalence } from './baseline.ts';
import {
  fitLogisticRegression,
  type LogisticRegressionFit,
  predictProbabilities,
} from './logistic-regression.ts';
import { fitTfidf } from './tfidf.ts';
import { sampleWithin } from './training-sample.ts';

const label = 'TF-IDF + logistic regression';

/** Values of C tried, from strong to weak regularisation; of equal ROC AUCs the first wins. */
const GRID = [0.1, 1, 10, 100, 1000];
/** scikit-learn's default, when no validation data exists to choose on. */
const DEFAULT_C = 1;
const OPTIONS = { maxNgram: 3, minDocuments: 2 };
/** Characters of training code; more is sampled down to this. Measured at 37 million: 500 MB, a minute or two. */
const MAX_CHARACTERS = 40_000_000;

export const tfidfLogisticRegression: Baseline = {
  name: 'tfidfLogisticRegression',
  label,
  fit(train, validation = []) {
    trainingPrevalence(label, train);
    const used = sampleWithin(train, MAX_CHARACTERS);
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
