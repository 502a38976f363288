import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confusionAt, f1 } from '../../../src/evaluation/metrics/confusion.ts';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { oracleF1 } from '../../../src/evaluation/metrics/ranking.ts';
import { chooseThreshold } from '../../../src/evaluation/threshold.ts';

const sample = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 6 })), {
    minLength: 1,
    maxLength: 12,
  })
  .filter((rows) => rows.some(([label]) => label === 1))
  .map((rows) => ({ labels: rows.map(([label]) => label), scores: rows.map(([, score]) => score / 7) }));

describe('chooseThreshold', () => {
  test('reaches the best F1 there is, and says which', () => {
    fc.assert(
      fc.property(sample, ({ labels, scores }) => {
        const ranked = rankScores(labels, scores);
        const chosen = chooseThreshold(ranked)!;
        expect(f1(confusionAt(ranked, chosen.threshold))).toBeCloseTo(oracleF1(ranked), 12);
        expect(chosen.f1).toBeCloseTo(oracleF1(ranked), 12);
      }),
    );
  });

  test('lies half way to the next score below', () => {
    expect(chooseThreshold(rankScores([1, 1, 0], [0.9, 0.7, 0.3]))).toEqual({ threshold: 0.5, f1: 1 });
  });

  test('the lowest score stands for itself', () => {
    expect(chooseThreshold(rankScores([0, 1], [0.9, 0.25]))?.threshold).toBe(0.25);
  });

  test('of equally good cuts the highest wins', () => {
    // F1 is 2/3 both for the first function alone and for all four.
    expect(chooseThreshold(rankScores([1, 0, 0, 1], [0.8, 0.6, 0.4, 0.2]))?.threshold).toBeCloseTo(0.7, 12);
  });

  test('neighbouring floats are still told apart', () => {
    const low = 0.5;
    const high = low + Number.EPSILON / 2;
    expect(chooseThreshold(rankScores([1, 0], [high, low]))).toEqual({ threshold: high, f1: 1 });
  });

  test('none without a vulnerable function', () => {
    expect(chooseThreshold(rankScores([0, 0], [0.1, 0.2]))).toBeUndefined();
    expect(chooseThreshold(rankScores([], []))).toBeUndefined();
  });
});
