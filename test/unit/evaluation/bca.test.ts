/** @file Bias-corrected and accelerated intervals. */
import { expect, test } from 'vitest';
import { inverseNormal, normal } from '../../../src/base/normal.ts';
import { bcaInterval } from '../../../src/evaluation/resampling/bca.ts';
import { percentileInterval } from '../../../src/evaluation/resampling/intervals.ts';

const REPLICATES = Float64Array.from({ length: 1001 }, (_, i) => i / 1000);

test('the normal distribution and its inverse', () => {
  expect(normal(1.959963984540054)).toBeCloseTo(0.975, 12);
  expect(inverseNormal(0.025)).toBeCloseTo(-1.959963984540054, 9);
});

test('without bias and skewness a BCa interval is the percentile interval', () => {
  const { low, high } = bcaInterval(REPLICATES, 0.5, Float64Array.of(0.4, 0.5, 0.6))!;
  const percentile = percentileInterval(REPLICATES)!;
  expect([low, high].map((x) => x.toFixed(6))).toEqual(
    [percentile.low, percentile.high].map((x) => x.toFixed(6)),
  );
});

test('an interval moves against the bias of the replicates', () => {
  const flat = Float64Array.of(0.5, 0.5, 0.5);
  expect(bcaInterval(REPLICATES, 0.4, flat)!.high).toBeLessThan(percentileInterval(REPLICATES)!.high);
  expect(bcaInterval(REPLICATES, 0.6, flat)!.low).toBeGreaterThan(percentileInterval(REPLICATES)!.low);
});

test('a figure without a value has no interval; one that lies outside of all replicates has a finite one', () => {
  expect(bcaInterval(REPLICATES, undefined, REPLICATES)).toBeUndefined();
  expect(bcaInterval(new Float64Array(9).fill(Number.NaN), 0.5, REPLICATES)).toBeUndefined();
  const { low, high } = bcaInterval(REPLICATES, 5, Float64Array.of(0.5))!;
  expect(low <= high && high <= 1).toBe(true);
});
