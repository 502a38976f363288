/** @file Calls every function vulnerable. Its score is the best constant there is: the training prevalence. */
import { type Baseline, trainingPrevalence } from './baseline.ts';

const label = 'all-positive';

export const allPositive: Baseline = {
  name: 'allPositive',
  label,
  fit(train) {
    const prevalence = trainingPrevalence(label, train);
    return {
      threshold: 0,
      score: (functions) => new Float64Array(functions.length).fill(prevalence),
    };
  },
};
