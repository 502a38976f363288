/** @file Intervals, DeLong's test and calibrations against SciPy and scikit-learn: tools/evaluation_reference.py. */
import { describe, expect, test } from 'vitest';
import { calibrate, logit, sigmoid } from '../../../src/evaluation/calibration/calibration.ts';
import { fitIsotonic, fitPlatt, fitTemperature } from '../../../src/evaluation/calibration/fit-maps.ts';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { computeMetric, type MetricName } from '../../../src/evaluation/metrics/registry.ts';
import { delongTest, delongVariance } from '../../../src/evaluation/resampling/delong.ts';
import {
  bootstrapReplicates,
  pairedDifference,
  percentileInterval,
} from '../../../src/evaluation/resampling/intervals.ts';
import reference from './reference.json' with { type: 'json' };

/** x <- 1664525 x + 1013904223 mod 2^32, as in the script. */
function uniforms(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
}

/** Python's round: half to even. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const { functions, clusterSize, resamples, threshold } = reference;
const labels: number[] = [];
const first: number[] = [];
const second: number[] = [];
const next = uniforms(1);
for (let i = 0; i < functions; i++) {
  const label = next() < 0.4 ? 1 : 0;
  labels.push(label);
  first.push(roundHalfEven(100 * Math.min(0.99, 0.01 + 0.7 * next() + 0.25 * label)) / 100);
  second.push(roundHalfEven(100 * Math.min(0.99, 0.01 + 0.9 * next() + 0.05 * label)) / 100);
}
const records = labels.map((target) => ({ target }));
const clusters = {
  by: 'commit' as const,
  count: functions / clusterSize,
  of: Uint32Array.from(labels, (_, i) => Math.floor(i / clusterSize)),
};

const replicates = () => {
  const draws = uniforms(7);
  return bootstrapReplicates(
    [
      { records, scores: first, threshold },
      { records, scores: second, threshold },
    ],
    { clusters, resamples, draw: (bound) => Math.floor(draws() * bound) },
  );
};

describe('SciPy', () => {
  test('the data are the same', () => {
    for (const [name, value] of Object.entries(reference.values)) {
      expect(computeMetric(name as MetricName, rankScores(labels, first), threshold), name).toBeCloseTo(
        value,
        9,
      );
    }
  });

  test('percentile intervals of every metric, drawn by cluster', async () => {
    const [ofFirst] = await replicates();
    for (const [name, [low, high]] of Object.entries(reference.intervals)) {
      const interval = percentileInterval(ofFirst!.get(name as MetricName)!)!;
      expect(interval.low, name).toBeCloseTo(low!, 9);
      expect(interval.high, name).toBeCloseTo(high!, 9);
    }
  });

  test('the paired difference of two ROC AUCs', async () => {
    const [ofFirst, ofSecond] = await replicates();
    const { interval } = pairedDifference(ofFirst!.get('rocAuc')!, ofSecond!.get('rocAuc')!)!;
    expect(interval.low).toBeCloseTo(reference.difference[0]!, 9);
    expect(interval.high).toBeCloseTo(reference.difference[1]!, 9);
  });

  test('DeLong by midranks as by the definition', () => {
    const { aucs, variances, covariance, z, pValue } = reference.delong;
    const result = delongTest(labels, first, second)!;
    expect([result.first.auc, result.second.auc]).toEqual(aucs.map((auc) => expect.closeTo(auc, 9)));
    expect(result.first.variance).toBeCloseTo(variances[0]!, 9);
    expect(result.second.variance).toBeCloseTo(variances[1]!, 9);
    expect(result.covariance).toBeCloseTo(covariance, 9);
    expect(result.z).toBeCloseTo(z, 6);
    expect(result.pValue).toBeCloseTo(pValue, 6);
    expect(delongVariance(labels, first)).toEqual(result.first);
  });
});

describe('DeLong, published', () => {
  // Patients by rating, from 1 to 5.
  test.each([
    {
      source: 'CT images of Hanley and McNeil 1982, table I; estimates by Stata, [R] roctab',
      normal: [33, 6, 6, 11, 2],
      abnormal: [3, 2, 2, 11, 33],
      auc: 0.8932,
      standardError: 0.0307,
      digits: 4,
    },
    {
      source: 'WFNS grade and outcome, Turck et al. 2010; estimates by pROC (its tests of var())',
      normal: [37, 20, 3, 8, 4],
      abnormal: [2, 12, 1, 8, 18],
      auc: 0.823678861788618,
      standardError: Math.sqrt(0.00146991470882363),
      digits: 12,
    },
  ])('$source', ({ normal, abnormal, auc, standardError, digits }) => {
    const ratings = (counts: readonly number[]) =>
      counts.flatMap((count, i) => Array<number>(count).fill(i + 1));
    const scores = [...ratings(normal), ...ratings(abnormal)];
    const sick = scores.length - ratings(normal).length;
    const estimate = delongVariance(
      scores.map((_, i) => (i < scores.length - sick ? 0 : 1)),
      scores,
    )!;
    expect(estimate.auc).toBeCloseTo(auc, digits);
    expect(Math.sqrt(estimate.variance)).toBeCloseTo(standardError, digits);
  });
});

describe('scikit-learn', () => {
  test('recall at a precision', () => {
    const ranked = rankScores(labels, first);
    expect(computeMetric('recallAtPrecision@0.8', ranked, 0.5)).toBeCloseTo(
      reference.recallAtPrecision['0.8'],
      9,
    );
    expect(computeMetric('recallAtPrecision@0.9', ranked, 0.5)).toBeCloseTo(
      reference.recallAtPrecision['0.9'],
      9,
    );
  });

  test('temperature', () => {
    expect(fitTemperature(labels, first).temperature).toBeCloseTo(reference.temperature, 5);
  });

  test('Platt', () => {
    const { slope, intercept } = fitPlatt(labels, first);
    expect(slope).toBeCloseTo(reference.platt[0]!, 4);
    expect(intercept).toBeCloseTo(reference.platt[1]!, 4);
    expect(calibrate({ method: 'platt', slope, intercept }, 0.3)).toBeCloseTo(
      sigmoid(slope * logit(0.3) + intercept),
      12,
    );
  });

  test('isotonic, between the scores and beyond them', () => {
    const map = fitIsotonic(labels, first);
    reference.isotonic.forEach((expected, i) => {
      const score = i / 20;
      // A millionth of the raw score is mixed in to keep the order.
      expect(calibrate(map, score)).toBeCloseTo((1 - 1e-6) * expected + 1e-6 * score, 9);
    });
  });
});
