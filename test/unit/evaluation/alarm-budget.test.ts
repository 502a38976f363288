/** @file A threshold by a budget of false alarms. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  budgetCaution,
  defaultBudget,
  describeBudget,
  isMeasurable,
  thresholdWithin,
} from '../../../src/evaluation/alarm-budget.ts';

const ladder = (count: number) => Array.from({ length: count }, (_, i) => i / count);

describe('the threshold', () => {
  test('lies just above the highest negative that may not be flagged', () => {
    const budget = thresholdWithin(ladder(100), 0.02);
    expect(budget).toMatchObject({ share: 0.02, negatives: 100, flagged: 2 });
    expect(budget.threshold).toBeGreaterThan(0.97);
    expect(budget.threshold).toBeLessThan(0.97 + 1e-12);
    expect(budget.uncertainFrom).toBeGreaterThan(0.89);
    expect(budget.uncertainFrom).toBeLessThan(0.89 + 1e-12);
    expect(isMeasurable(budget)).toBe(true);
  });

  test('keeps its budget whatever the scores, and could not be lower', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(scores, fc.double({ min: 0, max: 1, noNaN: true }), (negatives, share) => {
        const { threshold, uncertainFrom, flagged } = thresholdWithin(negatives, share);
        const at = (from: number) => negatives.filter((score) => score >= from).length;
        expect(flagged).toBe(at(threshold));
        expect(flagged).toBeLessThanOrEqual(share * negatives.length + 1e-6);
        expect(uncertainFrom).toBeLessThanOrEqual(threshold);
        const below = negatives.filter((score) => score < threshold);
        if (below.length > 0) {
          expect(at(Math.max(...below))).toBeGreaterThan(Math.floor(share * negatives.length + 1e-9));
        }
      }),
    );
  });

  test('is above all of too few negatives, even one of 1, and it is said', () => {
    const budget = thresholdWithin([...ladder(48), 1], 0.02);
    expect(budget.threshold).toBe(1 + Number.EPSILON);
    expect(budget.flagged).toBe(0);
    expect(isMeasurable(budget)).toBe(false);
    expect(budgetCaution(budget)).toContain('49 functions of validation that are not vulnerable are too few');
    expect(isMeasurable(thresholdWithin(ladder(50), 0.02))).toBe(true);
  });

  test('without a negative there is none', () => {
    expect(defaultBudget({ records: [{ target: 1 }], scores: [0.5] })).toBeUndefined();
    const records = [{ target: 1 }, { target: 0 }, { target: 0 }];
    expect(defaultBudget({ records, scores: [0.9, 0.2, 0.4] })).toMatchObject({ negatives: 2, flagged: 0 });
  });
});

test.each([
  [0.02, 'at most 1 in 50 functions of validation that are not vulnerable (3 of 172)'],
  [0.035, 'at most 3.5 % of the functions of validation that are not vulnerable (3 of 172)'],
  [0, 'at most 0 % of the functions of validation that are not vulnerable (3 of 172)'],
])('a share of %d in words', (share, words) => {
  expect(describeBudget({ share, threshold: 1, uncertainFrom: 1, negatives: 172, flagged: 3 })).toBe(words);
});
