/** @file Logistic regression on TF-IDF of token n-grams: the baseline that many a fine-tuned model fails to beat. */
import { type Baseline, type FittedBaseline, trainingPrevalence } from './baseline.ts';
import { predictProbabilities } from './logistic-regression.ts';
import { type FittedTfidfClassifier, fitTfidfClassifier } from './tfidf-classifier.ts';

const label = 'TF-IDF + logistic regression';

export interface FittedTfidfBaseline extends FittedBaseline {
  readonly classifier: FittedTfidfClassifier;
}

export const tfidfLogisticRegression = {
  name: 'tfidfLogisticRegression',
  label,
  fit(train, validation = []): FittedTfidfBaseline {
    trainingPrevalence(label, train);
    const classifier = fitTfidfClassifier(train, validation);
    const { vectorizer, model, note } = classifier;
    return {
      score: (functions) =>
        predictProbabilities(vectorizer.transform(functions.map((entry) => entry.code)), model),
      note,
      classifier,
    };
  },
} satisfies Baseline;

/** What a fitted baseline predicts with, where it is this one. */
export function tfidfClassifierOf(fitted: FittedBaseline): FittedTfidfClassifier | undefined {
  return 'classifier' in fitted ? (fitted as FittedTfidfBaseline).classifier : undefined;
}
