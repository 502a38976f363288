/** @file Scores by chance: a number out of the function's text, always the same one. What knowing nothing looks like. */
import { randomStream } from '../../base/random.ts';
import { type Baseline, trainingPrevalence } from './baseline.ts';

const label = 'random';
const SEED = 0;

export const random: Baseline = {
  name: 'random',
  label,
  fit(train) {
    const prevalence = trainingPrevalence(label, train);
    return {
      // Flags as many as were vulnerable in training.
      threshold: 1 - prevalence,
      score: (functions) =>
        Float64Array.from(functions, ({ code }) => randomStream(SEED, 'baseline', code).uniform()),
    };
  },
};
