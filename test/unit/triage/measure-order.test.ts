import { expect, test } from 'vitest';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { precisionAtTop } from '../../../src/evaluation/metrics/ranking.ts';
import { measureOrder } from '../../../src/triage/measure-order.ts';

test('precision at the top by hand, with ties across the limit and fewer functions than that', () => {
  const ranked = rankScores([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6]);
  expect([1, 2, 3, 4, 10].map((k) => precisionAtTop(ranked, k))).toEqual([1, 1 / 2, 2 / 3, 1 / 2, 1 / 2]);
  // The two that tie are one real, one not: each has half the chance to be second.
  expect(precisionAtTop(rankScores([1, 1, 0], [0.9, 0.5, 0.5]), 2)).toBe(0.75);
});

test('an order that puts the real ones first: figures by hand, intervals around them', async () => {
  // 20 findings in 10 files; the scanner has the 8 real ones last, triage first.
  const findings = Array.from({ length: 20 }, (_, i) => ({
    before: i,
    after: 19 - i,
    isReal: i >= 12,
    file: `f${i % 10}`,
  }));
  const { labelled, real, files, tops, averagePrecision } = await measureOrder(findings, { resamples: 200 });
  expect([labelled, real, files]).toEqual([20, 8, 10]);
  expect(tops.map(({ k, before, after }) => [k, before.value, after.value])).toEqual([
    [5, 0, 1],
    [10, 0, 0.8],
    [20, 0.4, 0.4],
  ]);
  const byHand = Array.from({ length: 8 }, (_, i) => (i + 1) / (i + 13)).reduce((a, b) => a + b) / 8;
  expect(averagePrecision!.before.value).toBeCloseTo(byHand, 12);
  expect(averagePrecision!.after.value).toBe(1);
  const { low, high } = averagePrecision!.before.interval!;
  expect(low).toBeLessThan(byHand);
  expect(high).toBeGreaterThan(byHand);
  expect(averagePrecision!.difference!.low).toBeGreaterThan(0);
});

test('labels that are all the same have no average precision, and no finding has no figure', async () => {
  const same = await measureOrder(
    Array.from({ length: 6 }, (_, i) => ({ before: i, after: i, isReal: true, file: 'f' })),
    { resamples: 20 },
  );
  expect(same.averagePrecision).toBeUndefined();
  expect(same.tops.map(({ k, after }) => [k, after.value])).toEqual([[5, 1]]);
  expect(await measureOrder([])).toMatchObject({ labelled: 0, tops: [] });
});
