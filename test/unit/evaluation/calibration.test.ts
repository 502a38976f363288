/** @file Calibrations: order kept whatever the method, the right one chosen, base rates moved by Bayes' rule. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CALIBRATION_METHODS,
  calibrate,
  calibrateAll,
  logit,
  sigmoid,
} from '../../../src/evaluation/calibration/calibration.ts';
import { chooseCalibration, fitCalibration } from '../../../src/evaluation/calibration/choose-calibration.ts';
import { fitPlatt, fitTemperature } from '../../../src/evaluation/calibration/fit-maps.ts';
import { parseCalibration } from '../../../src/evaluation/calibration/parse-calibration.ts';
import { rawThreshold } from '../../../src/evaluation/calibration/raw-threshold.ts';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { computeMetrics } from '../../../src/evaluation/metrics/registry.ts';
import { atPrevalence, shiftPrior } from '../../../src/evaluation/prevalence.ts';

const labelled = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 1, max: 99 })), {
    minLength: 2,
    maxLength: 40,
  })
  .filter((rows) => new Set(rows.map(([label]) => label)).size === 2)
  .map((rows) => ({
    records: rows.map(([target]) => ({ target })),
    scores: rows.map(([, score]) => score / 100),
  }));

/** Functions that are vulnerable as often as `truth` says of their score. */
function sample(count: number, truth: (score: number) => number) {
  let x = 1;
  const next = () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
  const scores = Array.from({ length: count }, () => 0.02 + 0.96 * next());
  return { scores, records: scores.map((score) => ({ target: next() < truth(score) ? 1 : 0 })) };
}

describe.each(CALIBRATION_METHODS)('%s', (method) => {
  test('keeps the order, so no metric of the order moves; gives probabilities', () => {
    fc.assert(
      fc.property(labelled, ({ records, scores }) => {
        const map = fitCalibration(method, { records, scores });
        const calibrated = calibrateAll(map, scores);
        expect(calibrated.every((p) => p >= 0 && p <= 1)).toBe(true);
        const labels = records.map(({ target }) => target);
        const [before, after] = [scores, calibrated].map(
          (values) => computeMetrics(rankScores(labels, values), 0.5).values,
        );
        for (const name of ['rocAuc', 'averagePrecision', 'oracleF1', 'vdScore@0.05'] as const) {
          expect(after![name], name).toBeCloseTo(before![name]!, 12);
        }
      }),
    );
  });

  test('a threshold judges alike on the raw scale', () => {
    fc.assert(
      fc.property(labelled, fc.nat(39), ({ records, scores }, at) => {
        const map = fitCalibration(method, { records, scores });
        const calibrated = calibrateAll(map, scores);
        // Between two scores, as thresholds are chosen: on a score the last bit of the calibration would decide.
        const above = calibrated[at % calibrated.length]!;
        const below = calibrated.reduce((most, value) => (value < above ? Math.max(most, value) : most), 0);
        const threshold = below + (above - below) / 2;
        const raw = rawThreshold(map, threshold);
        expect(scores.map((score) => score >= raw)).toEqual(
          [...calibrated].map((score) => score >= threshold),
        );
      }),
    );
    const map = fitCalibration(
      method,
      sample(50, (score) => score),
    );
    expect(rawThreshold(map, 0)).toBe(0);
    expect(rawThreshold(map, 1.5)).toBeGreaterThan(1);
  });

  const INNER = [1e-8, 0.001, 0.2, 0.4999, 0.5, 0.5001, 0.8, 0.999, 1 - 1e-8];
  // A millionth of the raw score is all that orders the flat pieces of an isotonic map.
  const SCORES = method === 'isotonic' ? INNER : [0, 1e-15, ...INNER, 1 - 1e-15, 1];

  test.each<[string, number[]]>([
    ['separable', SCORES.map((_, i) => (i < 5 ? 0 : 1))],
    ['separable the wrong way round', SCORES.map((_, i) => (i < 5 ? 1 : 0))],
    ['but for one function of one class', SCORES.map((_, i) => (i === 3 ? 1 : 0))],
  ])('is strictly increasing where the functions are %s', (_, labels) => {
    const map = fitCalibration(method, { records: labels.map((target) => ({ target })), scores: SCORES });
    const calibrated = calibrateAll(map, SCORES);
    for (let i = 1; i < SCORES.length; i++)
      expect(calibrated[i], `${SCORES[i]}`).toBeGreaterThan(calibrated[i - 1]!);
    expect(calibrated[0]! >= 0 && calibrated.at(-1)! <= 1).toBe(true);
    expect(parseCalibration(JSON.parse(JSON.stringify(map)), 'vultune.json').method).toBe(method);
  });

  test('comes back from JSON as it was', () => {
    const map = fitCalibration(
      method,
      sample(50, (score) => score),
    );
    const read = parseCalibration(JSON.parse(JSON.stringify(map)), 'vultune.json');
    expect(calibrate(read, 0.37)).toBe(calibrate(map, 0.37));
    expect(read.functions).toBe(50);
  });
});

describe('choosing', () => {
  test('what is calibrated is left alone', () => {
    expect(chooseCalibration(sample(400, (score) => score))?.calibration.method).toBe('none');
  });

  test('overconfident scores get a temperature, shifted ones Platt, steps isotonic', () => {
    const overconfident = chooseCalibration(sample(1500, (score) => sigmoid(logit(score) / 4)))!;
    expect(overconfident.logLosses.temperature).toBeLessThan(overconfident.logLosses.none);
    const { records, scores } = sample(20_000, (score) => sigmoid(logit(score) / 4));
    const labels = records.map(({ target }) => target);
    expect(Math.abs(fitTemperature(labels, scores).temperature - 4)).toBeLessThan(0.5);
    const shifted = chooseCalibration(sample(1500, (score) => sigmoid(logit(score) - 2)))!;
    expect(shifted.calibration.method).toBe('platt');
    const steps = chooseCalibration(
      sample(1500, (score) => (score < 0.5 ? 0.45 : score < 0.6 ? 0.9 : 0.95)),
    )!;
    expect(steps.calibration.method).toBe('isotonic');
  });

  test('too few functions of a class: none; one class by name: refused', () => {
    const records = Array.from({ length: 40 }, (_, i) => ({ target: i < 9 ? 1 : 0 }));
    expect(chooseCalibration({ records, scores: records.map(() => 0.5) })).toBeUndefined();
    const one = { records: [{ target: 1 }], scores: [0.5] };
    expect(() => fitCalibration('platt', one)).toThrow(/1 vulnerable and 0 other functions/);
  });

  test('a ranking that validation turns around is flattened, not turned around', () => {
    const { scores, records } = sample(300, (score) => 1 - score);
    const labels = records.map(({ target }) => target);
    expect(fitPlatt(labels, scores).slope).toBe(1e-3);
  });

  const fitted = { functions: 40, prevalence: 0.5 };
  test.each<[string, unknown, string]>([
    ['an unknown method', { method: 'magic', ...fitted }, 'calibration.method'],
    ['a method that every object has', JSON.parse('{"method":"__proto__"}'), 'calibration.method'],
    ['a method that every object inherits', { method: 'toString', ...fitted }, 'calibration.method'],
    ['no map', 3, 'calibration'],
    ['null', null, 'calibration'],
    [
      'a negative temperature',
      { method: 'temperature', temperature: -1, ...fitted },
      'calibration.temperature',
    ],
    [
      'a temperature of text',
      { method: 'temperature', temperature: '2', ...fitted },
      'calibration.temperature',
    ],
    [
      'a slope that turns around',
      { method: 'platt', slope: -1, intercept: 0, ...fitted },
      'calibration.slope',
    ],
    [
      'an endless intercept',
      { method: 'platt', slope: 1, intercept: 1e308, ...fitted },
      'calibration.intercept',
    ],
    ['no slope', { method: 'platt', ...fitted }, 'calibration.slope'],
    [
      'scores out of order',
      { method: 'isotonic', scores: [0.5, 0.2], probabilities: [0, 1], ...fitted },
      'calibration.scores',
    ],
    [
      'the same score twice',
      { method: 'isotonic', scores: [0.5, 0.5], probabilities: [0, 1], ...fitted },
      'calibration.scores',
    ],
    [
      'falling probabilities',
      { method: 'isotonic', scores: [0.2, 0.5], probabilities: [1, 0], ...fitted },
      'calibration.probabilities',
    ],
    [
      'lists of two lengths',
      { method: 'isotonic', scores: [0.2], probabilities: [0, 1], ...fitted },
      'calibration.probabilities',
    ],
    ['a base rate of 1', { method: 'none', functions: 3, prevalence: 1 }, 'calibration.prevalence'],
    ['half a function', { method: 'none', functions: 0.5, prevalence: 0.5 }, 'calibration.functions'],
  ])('of a file with %s is refused', (_, broken, name) => {
    expect(() => parseCalibration(broken, 'vultune.json')).toThrow(
      expect.objectContaining({ code: 'ADAPTER_SETTINGS', where: { file: 'vultune.json', name } }),
    );
  });
});

describe('fits that the data do not pin down', () => {
  const repeat = <T>(count: number, make: (i: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));

  test('a temperature stays from 1/20 to 20, whatever the functions are', () => {
    const { records } = sample(400, () => 0.5);
    const labels = records.map(({ target }) => target);
    const chance = fitTemperature(
      labels,
      repeat(400, (i) => 0.001 + (0.998 * ((i * 7919) % 400)) / 400),
    );
    expect(chance.temperature).toBeLessThanOrEqual(20);
    const barely = fitTemperature([0, 0, 1, 1], [0.4999, 0.49999, 0.50001, 0.5001]);
    expect(barely.temperature).toBeGreaterThanOrEqual(0.05 - 1e-12);
    for (const label of [0, 1]) {
      const { temperature } = fitTemperature(
        repeat(30, () => label),
        repeat(30, (i) => i / 30),
      );
      expect(temperature >= 0.05 - 1e-12 && temperature <= 20 + 1e-12).toBe(true);
    }
  });

  test('separable functions get the probabilities of a finite sample, not 0 and 1', () => {
    const labels = repeat(60, (i) => (i < 30 ? 0 : 1));
    const scores = repeat(60, (i) => (i < 30 ? 0.01 : 0.99));
    const map = fitPlatt(labels, scores);
    expect(calibrate(map, 0.99)).toBeCloseTo(31 / 32, 6);
    expect(calibrate(map, 0.01)).toBeCloseTo(1 / 32, 6);
  });

  test("Platt's fit is the optimum from scores that saturate, or hardly differ", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 4,
          maxLength: 30,
        }),
        fc.constantFrom(1, 1e-3, 1e-9),
        (rows, width) => {
          const labels = rows.map(([label]) => label);
          const scores = rows.map(([, score]) => 0.5 + width * (score - 0.5));
          const { slope, intercept } = fitPlatt(labels, scores);
          expect(slope >= 1e-3 && slope <= 100 && Number.isFinite(intercept)).toBe(true);
          const positives = labels.filter((label) => label === 1).length;
          const target = (label: number) =>
            label === 1 ? (positives + 1) / (positives + 2) : 1 / (labels.length - positives + 2);
          const loss = (a: number, b: number) =>
            labels.reduce((sum, label, i) => {
              const z = a * logit(scores[i]!) + b;
              return sum + Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target(label) * z;
            }, 0);
          const best = loss(slope, intercept);
          for (const nudge of [0.99, 1.01]) {
            expect(loss(slope, intercept + nudge - 1)).toBeGreaterThanOrEqual(best - 1e-9);
            const moved = Math.min(100, Math.max(1e-3, slope * nudge));
            expect(loss(moved, intercept)).toBeGreaterThanOrEqual(best - 1e-7);
          }
        },
      ),
    );
  });
});

describe('another base rate', () => {
  test('odds times the ratio of prior odds; there and back again', () => {
    expect(shiftPrior(0.5, 0.5, 0.03)).toBeCloseTo(0.03, 12);
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(share, share, share, (score, from, to) => {
        const shifted = shiftPrior(score, from, to);
        expect(logit(shifted)).toBeCloseTo(logit(score) + logit(to) - logit(from), 6);
        expect(shiftPrior(shifted, to, from)).toBeCloseTo(score, 9);
      }),
    );
    expect(() => shiftPrior(0.5, 0.5, 1)).toThrow(/prevalence is 1/);
  });

  test('precision and alerts are those of a test set with that base rate', () => {
    // 1000 functions, 30 vulnerable: 24 found, 97 false alarms.
    const moved = atPrevalence({ recall: 0.8, falsePositiveRate: 0.1 }, 0.03);
    expect(moved.foundPer1000).toBeCloseTo(24, 9);
    expect(moved.alertsPer1000).toBeCloseTo(24 + 97, 9);
    expect(moved.precision).toBeCloseTo(24 / 121, 12);
    expect(atPrevalence({ recall: 0, falsePositiveRate: 0 }, 0.03).precision).toBe(0);
  });

  test('the interval follows recall and false positive rate together', () => {
    const replicates = new Map([
      ['recall', Float64Array.of(0.8, 0.8)],
      ['falsePositiveRate', Float64Array.of(0.1, 0.1)],
    ] as const);
    const { precisionInterval } = atPrevalence({ recall: 0.8, falsePositiveRate: 0.1 }, 0.03, replicates);
    expect(precisionInterval?.low).toBeCloseTo(24 / 121, 12);
    expect(precisionInterval?.high).toBeCloseTo(24 / 121, 12);
  });
});
