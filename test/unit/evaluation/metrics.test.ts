/** @file Metrics: scikit-learn's numbers, brute force on small arrays, and what must not change them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rankScores, withCounts } from '../../../src/evaluation/metrics/ranked-scores.ts';
import {
  computeMetric,
  computeMetrics,
  type MetricName,
  metricNames,
  metricRegistry,
} from '../../../src/evaluation/metrics/registry.ts';
import { sharedFolder } from '../../support/shared.ts';

interface Case {
  labels: number[];
  scores: number[];
  threshold: number;
  vdScore: Record<string, number>;
  [metric: string]: unknown;
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Few distinct scores, so ties are common; both classes present. */
const sample = fc
  .array(fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 8 }) }), {
    minLength: 2,
    maxLength: 14,
  })
  .filter((rows) => new Set(rows.map((row) => row.label)).size === 2)
  .map((rows) => ({ labels: rows.map((row) => row.label), scores: rows.map((row) => row.score / 8) }));

const anyThreshold = fc.integer({ min: -1, max: 17 }).map((value) => value / 16);

/** Straight from the definitions, O(n^2) and without sorting. */
function bruteForce({ labels, scores }: { labels: number[]; scores: number[] }, threshold: number) {
  const at = (t: number) => {
    const count = (label: number, flagged: boolean) =>
      labels.filter((y, i) => y === label && scores[i]! >= t === flagged).length;
    return { tp: count(1, true), fp: count(0, true), fn: count(1, false), tn: count(0, false) };
  };
  const f1 = ({ tp, fp, fn }: ReturnType<typeof at>) => (2 * tp) / (2 * tp + fp + fn);
  const distinct = [...new Set(scores)].sort((a, b) => b - a);
  const curve = distinct.map((t) => {
    const { tp, fp, fn } = at(t);
    return { precision: tp / (tp + fp), recall: tp / (tp + fn), f1: f1(at(t)) };
  });
  const of = (label: number) => scores.filter((_, i) => labels[i] === label);
  const { tp, fp, fn, tn } = at(threshold);
  const binary = labels.map((y, i): [number, number] => [y, scores[i]! >= threshold ? 1 : 0]);
  const [meanY, meanP] = [mean(binary.map((b) => b[0])), mean(binary.map((b) => b[1]))];
  const covariance = mean(binary.map(([y, p]) => (y - meanY) * (p - meanP)));
  const spread = Math.sqrt(meanY * (1 - meanY) * meanP * (1 - meanP));
  const vd = (rate: number) =>
    1 -
    Math.max(
      0,
      ...distinct
        .map(at)
        .filter((c) => c.fp / (c.fp + c.tn) <= rate)
        .map((c) => c.tp / (c.tp + c.fn)),
    );
  const recallAt = (least: number) =>
    Math.max(0, ...curve.filter((point) => point.precision >= least).map((point) => point.recall));
  const bins = Math.max(1, Math.floor(Math.sqrt(labels.length)));
  // The bin of the middle place among equal scores, counted from the highest.
  const binOf = (score: number) =>
    Math.floor(
      ((scores.filter((s) => s > score).length + scores.filter((s) => s === score).length / 2) /
        scores.length) *
        bins,
    );
  const ece = Array.from({ length: bins }, (_, bin) => {
    const inside = scores.flatMap((s, i) => (binOf(s) === bin ? [labels[i]! - s] : []));
    return Math.abs(inside.reduce((a, b) => a + b, 0)) / scores.length;
  }).reduce((a, b) => a + b, 0);
  const expected: Record<MetricName, number> = {
    rocAuc: mean(of(1).flatMap((p) => of(0).map((q) => (p > q ? 1 : p === q ? 0.5 : 0)))),
    averagePrecision: curve.reduce(
      (sum, point, k) => sum + (point.recall - (curve[k - 1]?.recall ?? 0)) * point.precision,
      0,
    ),
    f1: f1(at(threshold)),
    precision: tp + fp === 0 ? 0 : tp / (tp + fp),
    recall: tp / (tp + fn),
    oracleF1: Math.max(...curve.map((point) => point.f1)),
    accuracy: (tp + tn) / labels.length,
    balancedAccuracy: (tp / (tp + fn) + tn / (tn + fp)) / 2,
    // Matthews' coefficient is the correlation of label and prediction.
    mcc: spread === 0 ? 0 : covariance / spread,
    brier: mean(scores.map((s, i) => (s - labels[i]!) ** 2)),
    logLoss: mean(
      scores.map((score, i) => {
        const p = Math.min(Math.max(score, 1e-7), 1 - 1e-7);
        return -Math.log(labels[i] === 1 ? p : 1 - p);
      }),
    ),
    calibrationError: ece,
    falsePositiveRate: fp / (fp + tn),
    'recallAtPrecision@0.8': recallAt(0.8),
    'recallAtPrecision@0.9': recallAt(0.9),
    'vdScore@0.005': vd(0.005),
    'vdScore@0.01': vd(0.01),
    'vdScore@0.05': vd(0.05),
  };
  return expected;
}

function expectClose(actual: Partial<Record<MetricName, number | undefined>>, expected: typeof actual) {
  for (const name of metricNames) {
    if (!(name in expected)) continue;
    expect(actual[name], name).toBeCloseTo(expected[name]!, 10);
  }
}

const shared = sharedFolder();
if (shared === undefined) console.warn('metrics: shared fixtures are absent, scikit-learn parity is skipped');

describe('scikit-learn', () => {
  test.skipIf(shared === undefined)('every metric of fixtures/metrics.json to 1e-9', () => {
    const cases = JSON.parse(readFileSync(join(shared!, 'fixtures/metrics.json'), 'utf8')) as Case[];
    expect(cases.length).toBeGreaterThan(0);
    for (const [index, { labels, scores, threshold, vdScore, ...expected }] of cases.entries()) {
      const { values } = computeMetrics(rankScores(labels, scores), threshold);
      const flat = { ...expected } as Record<string, number>;
      for (const [rate, value] of Object.entries(vdScore)) flat[`vdScore@${rate}`] = value;
      expect(metricNames).toEqual(expect.arrayContaining(Object.keys(flat)));
      for (const [name, value] of Object.entries(flat)) {
        expect(Math.abs(values[name as MetricName]! - value), `case ${index}: ${name}`).toBeLessThan(1e-9);
      }
    }
  });
});

describe('definitions', () => {
  test('equal to brute force on small arrays with ties', () => {
    fc.assert(
      fc.property(sample, anyThreshold, (data, threshold) => {
        const { values, undefinedBecause } = computeMetrics(rankScores(data.labels, data.scores), threshold);
        expectClose(values, bruteForce(data, threshold));
        expect(undefinedBecause).toEqual({});
      }),
    );
  });

  test('a perfect and a reversed ranking', () => {
    const perfect = rankScores([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]);
    expect(computeMetrics(perfect, 0.5).values).toMatchObject({
      rocAuc: 1,
      averagePrecision: 1,
      mcc: 1,
      f1: 1,
    });
    const reversed = computeMetrics(rankScores([0, 0, 1, 1], [0.9, 0.8, 0.2, 0.1]), 0.5).values;
    expect(reversed).toMatchObject({ rocAuc: 0, mcc: -1, f1: 0, 'vdScore@0.05': 1 });
  });

  test('a certain mistake costs -log(1e-7) and stays finite', () => {
    expect(computeMetric('logLoss', rankScores([1, 0], [0, 1]), 0.5)).toBeCloseTo(-Math.log(1e-7), 8);
  });
});

describe('invariants', () => {
  test('the order of the functions does not matter', () => {
    const shuffled = sample.chain((data) =>
      fc
        .shuffledSubarray([...data.labels.keys()], { minLength: data.labels.length })
        .map((order) => ({ data, order })),
    );
    fc.assert(
      fc.property(shuffled, anyThreshold, ({ data, order }, threshold) => {
        const moved = rankScores(
          order.map((i) => data.labels[i]!),
          order.map((i) => data.scores[i]!),
        );
        const { values } = computeMetrics(rankScores(data.labels, data.scores), threshold);
        expectClose(computeMetrics(moved, threshold).values, values);
      }),
    );
  });

  test('an increasing change of scores and threshold alters none but the probability metrics', () => {
    fc.assert(
      fc.property(sample, anyThreshold, (data, threshold) => {
        const change = (score: number) => Math.exp(3 * score) - 25;
        const before = computeMetrics(rankScores(data.labels, data.scores), threshold).values;
        const after = computeMetrics(rankScores(data.labels, data.scores.map(change)), change(threshold));
        const { brier, logLoss, calibrationError: _, ...ranking } = before;
        expect([brier, logLoss].every((value) => value !== undefined)).toBe(true);
        expectClose(after.values, ranking);
        expect(Object.keys(after.undefinedBecause)).toEqual(['brier', 'logLoss', 'calibrationError']);
      }),
    );
  });

  test('reversed labels and scores mirror the ROC AUC', () => {
    fc.assert(
      fc.property(sample, ({ labels, scores }) => {
        const forward = computeMetric('rocAuc', rankScores(labels, scores), 0.5)!;
        const flipped = labels.map((y) => 1 - y);
        expect(computeMetric('rocAuc', rankScores(flipped, scores), 0.5)).toBeCloseTo(1 - forward, 10);
      }),
    );
  });

  test('bounds, and no threshold beats the best F1', () => {
    fc.assert(
      fc.property(sample, anyThreshold, (data, threshold) => {
        const { values } = computeMetrics(rankScores(data.labels, data.scores), threshold);
        for (const name of metricNames) {
          const [low, high] = name === 'mcc' ? [-1, 1] : name === 'logLoss' ? [0, 16.2] : [0, 1];
          expect(values[name], name).toBeGreaterThanOrEqual(low! - 1e-12);
          expect(values[name], name).toBeLessThanOrEqual(high! + 1e-12);
        }
        expect(values.f1!).toBeLessThanOrEqual(values.oracleF1! + 1e-12);
        expect(values['vdScore@0.005']!).toBeGreaterThanOrEqual(values['vdScore@0.05']!);
      }),
    );
  });

  test('counting a function k times is the same as having it k times', () => {
    const counted = sample.chain((data) =>
      fc
        .array(fc.integer({ min: 0, max: 3 }), {
          minLength: data.labels.length,
          maxLength: data.labels.length,
        })
        .map((counts) => ({ ...data, counts })),
    );
    fc.assert(
      fc.property(counted, anyThreshold, ({ labels, scores, counts }, threshold) => {
        const repeat = (values: number[]) => values.flatMap((v, i) => Array<number>(counts[i]!).fill(v));
        const repeated = computeMetrics(rankScores(repeat(labels), repeat(scores)), threshold);
        const reweighted = computeMetrics(withCounts(rankScores(labels, scores), counts), threshold);
        expect(reweighted.undefinedBecause).toEqual(repeated.undefinedBecause);
        for (const name of metricNames) {
          const expected = repeated.values[name];
          if (expected === undefined) expect(reweighted.values[name]).toBeUndefined();
          else expect(reweighted.values[name], name).toBeCloseTo(expected, 10);
        }
      }),
    );
  });
});

describe('too few negatives to know', () => {
  const cautions = (negatives: number) =>
    computeMetrics(
      rankScores([1, ...Array<number>(negatives).fill(0)], [1, ...Array<number>(negatives).fill(0)]),
      0.5,
    ).cautions;

  test('a false positive rate needs one over it', () => {
    expect(cautions(19)['vdScore@0.05']).toBe(
      'a false positive rate of 5% needs 20 functions that are not vulnerable, found 19',
    );
    expect(Object.keys(cautions(20))).toEqual(['vdScore@0.005', 'vdScore@0.01']);
    expect(cautions(200)).toEqual({});
  });
});

describe('undefined, with the reason', () => {
  test('one class only', () => {
    const onlyVulnerable = computeMetrics(rankScores([1, 1], [0.9, 0.1]), 0.5);
    expect(onlyVulnerable.values.rocAuc).toBeUndefined();
    expect(onlyVulnerable.undefinedBecause.rocAuc).toBe('every function is labelled vulnerable');
    expect(onlyVulnerable.values.recall).toBe(0.5);
    const onlySafe = computeMetrics(rankScores([0, 0], [0.9, 0.1]), 0.5);
    expect(onlySafe.undefinedBecause.f1).toBe('no function is labelled vulnerable');
    expect(onlySafe.values.accuracy).toBe(0.5);
  });

  test('nothing at all', () => {
    const { values, undefinedBecause } = computeMetrics(rankScores([], []), 0.5);
    expect(Object.values(values).every((value) => value === undefined)).toBe(true);
    expect(Object.keys(undefinedBecause)).toEqual(metricNames);
  });

  test('never NaN, whatever the data', () => {
    const anything = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 1 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    );
    fc.assert(
      fc.property(anything, fc.double({ noNaN: true }), (rows, threshold) => {
        const ranked = rankScores(
          rows.map((row) => row[0]),
          rows.map((row) => row[1]),
        );
        const { values, undefinedBecause } = computeMetrics(ranked, threshold);
        for (const name of metricNames) {
          expect(values[name] === undefined ? name in undefinedBecause : Number.isFinite(values[name])).toBe(
            true,
          );
        }
      }),
    );
  });

  test('scores that are no numbers and labels that are none are refused', () => {
    expect(() => rankScores([0, 1], [0.5, Number.NaN])).toThrow(/function 2 of 2 has the score NaN/);
    expect(() => rankScores([0, 2], [0.5, 0.5])).toThrow(/label 2, expected 0 or 1/);
  });
});

test('a model is compared with its baselines on ranking and on F1', () => {
  const compared = metricNames.filter((name) => metricRegistry[name].role === 'compared');
  expect(compared).toEqual(['rocAuc', 'averagePrecision', 'f1']);
});
