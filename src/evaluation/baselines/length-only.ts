/**
 * @file Knows only how long a function is. Fixes add checks and vulnerable functions are long, so length alone
 * often scores well above chance; a model that does no better has learned no more.
 */
import { type Baseline, type CodeFunction, trainingPrevalence } from './baseline.ts';
import { fitLogisticRegression, sigmoid } from './logistic-regression.ts';
import { sparseMatrix } from './sparse-matrix.ts';
import { standardiser } from './standardiser.ts';

const label = 'length only';

const logLength = ({ code }: CodeFunction) => Math.log1p(code.length);

/** Logistic regression on the standardised log of the length in characters: the slope's sign is the direction. */
export const lengthOnly: Baseline = {
  name: 'lengthOnly',
  label,
  fit(train) {
    trainingPrevalence(label, train);
    const lengths = train.map(logLength);
    const { mean, scale } = standardiser(lengths);
    const feature = (entry: CodeFunction) => (logLength(entry) - mean) * scale;
    const features = sparseMatrix(
      train.map((entry) => ({ indices: [0], values: [feature(entry)] })),
      1,
    );
    const { weights, intercept } = fitLogisticRegression({
      features,
      labels: train.map((entry) => entry.target),
      inverseRegularization: 1,
    });
    const slope = weights[0]!;
    return {
      score: (functions) =>
        Float64Array.from(functions, (entry) => sigmoid(slope * feature(entry) + intercept)),
      note: slope === 0 ? 'length tells nothing' : `${slope > 0 ? 'longer' : 'shorter'} scores higher`,
    };
  },
};
