import { expect, test } from 'vitest';
import {
  type EvaluatedSoFar,
  isPatienceUsedUp,
  withEvaluation,
} from '../../../src/training/early-stopping.ts';

const none: EvaluatedSoFar = { best: undefined, withoutImprovement: 0 };
const after = (metrics: readonly number[]) =>
  metrics.reduce<EvaluatedSoFar>((soFar, metric) => withEvaluation(soFar, metric), none);

test('the first evaluation is the best one, however low it is', () => {
  expect(withEvaluation(none, -3)).toEqual({ best: -3, withoutImprovement: 0, isBest: true });
});

test('an evaluation that is not better counts, and a better one ends the count', () => {
  expect(after([0.5, 0.4, 0.3])).toMatchObject({ best: 0.5, withoutImprovement: 2 });
  expect(after([0.5, 0.4, 0.6])).toMatchObject({ best: 0.6, withoutImprovement: 0 });
});

test('an equal evaluation is not better: the earlier one is kept', () => {
  expect(withEvaluation({ best: 0.5, withoutImprovement: 1 }, 0.5)).toEqual({
    best: 0.5,
    withoutImprovement: 2,
    isBest: false,
  });
});

test('a training stops after as many evaluations without a better one as its patience, and never without patience', () => {
  expect(isPatienceUsedUp(2, { withoutImprovement: 1 })).toBe(false);
  expect(isPatienceUsedUp(2, { withoutImprovement: 2 })).toBe(true);
  expect(isPatienceUsedUp(2, { withoutImprovement: 3 })).toBe(true);
  expect(isPatienceUsedUp(undefined, { withoutImprovement: 99 })).toBe(false);
});
