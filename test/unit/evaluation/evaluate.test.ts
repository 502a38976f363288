/** @file Results, the table of a model and its baselines, the sentences where it does not beat one. */
import { describe, expect, test } from 'vitest';
import type { Baseline } from '../../../src/evaluation/baselines/baseline.ts';
import {
  evaluateWithBaselines,
  fitBaselines,
  withIntervals,
} from '../../../src/evaluation/compare-baselines.ts';
import { evaluateScores, thresholdFor } from '../../../src/evaluation/evaluate.ts';
import { formatTable } from '../../../src/evaluation/format.ts';
import { metricNames } from '../../../src/evaluation/metrics/registry.ts';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';
import { verdicts } from '../../../src/evaluation/verdicts.ts';

const functions = (targets: number[]) =>
  targets.map((target, i) => ({ code: `f${i}(x)`, target, pair: `p${i >> 1}` }));

const TEST = functions([1, 0, 1, 0, 1, 0]);

/** Scores by place, whatever the code; what it was fitted and asked with is kept. */
function stubBaseline(scores: readonly number[], threshold?: number) {
  const seen: { train?: number; validation?: number | undefined } = {};
  const baseline: Baseline = {
    name: 'stub',
    label: 'a stub',
    fit(train, validation) {
      Object.assign(seen, { train: train.length, validation: validation?.length });
      return {
        score: (asked) => Float64Array.from(asked, (_, i) => scores[i]!),
        ...(threshold === undefined ? {} : { threshold }),
      };
    },
  };
  return { baseline, seen };
}

describe('evaluateScores', () => {
  test('counts, metrics, pairs', () => {
    const result = evaluateScores({ records: TEST, scores: [0.9, 0.1, 0.8, 0.7, 0.2, 0.3], threshold: 0.5 });
    expect(result).toMatchObject({
      n: 6,
      positives: 3,
      threshold: 0.5,
      confusion: { truePositives: 2, falsePositives: 1, trueNegatives: 2, falseNegatives: 1 },
      undefinedMetrics: {},
      pairs: { complete: 3, counts: { 'P-C': 1, 'P-V': 1, 'P-B': 1, 'P-R': 0 } },
    });
    expect(result.metrics.f1).toBeCloseTo(2 / 3, 12);
    expect(result.metrics.rocAuc).toBeCloseTo(7 / 9, 12);
  });

  test('survives JSON: no NaN turned into null', () => {
    const result = evaluateScores({ records: functions([0, 0]), scores: [0.1, 0.2], threshold: 0.5 });
    const text = JSON.stringify(result);
    expect(text).not.toContain('null');
    expect(JSON.parse(text)).toMatchObject({
      undefinedMetrics: { rocAuc: 'no function is labelled vulnerable' },
    });
  });

  test('without any vulnerable function the threshold is 0.5', () => {
    expect(thresholdFor({ records: functions([0, 0]), scores: [0.1, 0.9] })).toBe(0.5);
  });
});

describe('evaluateWithBaselines', () => {
  const data = { train: functions([1, 0, 0, 0]), validation: functions([0, 1]), test: TEST, threshold: 0.5 };

  test('says so, with the figures, where the model is no better', () => {
    const { baseline } = stubBaseline([0.9, 0.1, 0.8, 0.2, 0.7, 0.3]);
    const { rows, shortfalls } = evaluateWithBaselines({
      ...data,
      scores: [0.9, 0.1, 0.8, 0.7, 0.2, 0.3],
      baselines: [baseline],
    });
    expect(rows.map((row) => row.name)).toEqual(['model', 'stub']);
    expect(shortfalls.map(({ metric, sentence }) => [metric, sentence])).toEqual([
      ['rocAuc', 'The model does not beat a stub on ROC AUC: 0.78 < 1.00.'],
      ['averagePrecision', 'The model does not beat a stub on AP: 0.87 < 1.00.'],
      ['f1', 'The model does not beat a stub on F1: 0.67 = 0.67.'],
    ]);
  });

  test('as good is not better', () => {
    const scores = [0.9, 0.1, 0.8, 0.2, 0.7, 0.3];
    const { shortfalls } = evaluateWithBaselines({
      ...data,
      scores,
      label: 'adapter',
      baselines: [stubBaseline(scores).baseline],
    });
    expect(shortfalls[0]?.sentence).toBe('The adapter does not beat a stub on ROC AUC: 1.00 = 1.00.');
  });

  test('shows as many digits as it takes', () => {
    const records = functions(Array.from({ length: 200 }, (_, i) => i % 2));
    const better = records.map((record, i) => record.target * 1000 + (i > 2 ? i : -i));
    const worse = better.map((score, i) => (i === 1 ? 100 : score));
    const { shortfalls } = evaluateWithBaselines({
      ...data,
      test: records,
      scores: worse,
      baselines: [stubBaseline(better).baseline],
    });
    expect(shortfalls[0]?.sentence).toMatch(/on ROC AUC: 0\.99\d+ < 1\.0+\.$/);
  });

  const better = (times: number) =>
    evaluateWithBaselines({
      ...data,
      test: Array.from({ length: times }, () => TEST).flat(),
      scores: Array.from({ length: times }, () => [0.9, 0.1, 0.8, 0.2, 0.7, 0.3]).flat(),
      baselines: [
        stubBaseline(Array.from({ length: times }, () => [0.9, 0.1, 0.8, 0.95, 0.2, 0.3]).flat()).baseline,
      ],
    });

  test('says nothing where the model is better', () => {
    expect(better(4).shortfalls).toEqual([]);
  });

  test('being better on three functions of a class shows nothing', () => {
    expect(better(1).shortfalls.map(({ kind, metric }) => [kind, metric])).toEqual([
      ['unproven', 'rocAuc'],
      ['unproven', 'averagePrecision'],
      ['unproven', 'f1'],
    ]);
    expect(better(1).shortfalls[0]!.sentence).toContain(
      '3 vulnerable and 3 other functions are too few to tell',
    );
  });

  test.each([
    ['no function is vulnerable', functions(Array(40).fill(0)), ['rocAuc', 'averagePrecision', 'f1']],
    ['every function is vulnerable', functions(Array(40).fill(1)), ['rocAuc', 'averagePrecision']],
  ])('a metric that is not defined beats nothing: %s', async (_, test, names) => {
    const bare = evaluateWithBaselines({
      ...data,
      test,
      scores: test.map((_, i) => (i + 1) / 50),
      baselines: [stubBaseline(test.map(() => 0.1)).baseline],
    });
    const whole = await withIntervals(bare, test, { clusters: clusterRecords(test), resamples: 50 });
    for (const { rows, shortfalls } of [bare, whole]) {
      const undefinedOnes = shortfalls.filter(({ kind }) => kind === 'undefined');
      expect(undefinedOnes.map(({ metric }) => metric)).toEqual(names);
      const said = verdicts(
        rows.map(({ name, label, result }) => ({ name, label, metrics: result.metrics })),
        shortfalls,
      );
      expect(said.every(({ good }) => !good)).toBe(true);
      expect(said[0]!.sentence).toMatch(
        /^ROC AUC.* not defined on these functions, so the model beats no baseline there\.$/,
      );
    }
  });

  describe('a model whose figures are lower', () => {
    /** A baseline that is always right beside a model that is wrong of one in three. */
    const lower = async (times: number, resamples = 200) => {
      const repeat = <T>(values: readonly T[]) => Array.from({ length: times }, () => values).flat();
      const test = functions(repeat([1, 0, 1, 0, 1, 0]));
      const bare = evaluateWithBaselines({
        ...data,
        test,
        scores: repeat([0.9, 0.1, 0.8, 0.95, 0.2, 0.3]),
        baselines: [stubBaseline(repeat([0.9, 0.1, 0.8, 0.2, 0.7, 0.3])).baseline],
      });
      const { rows, shortfalls } = await withIntervals(bare, test, {
        clusters: clusterRecords(test),
        resamples,
      });
      const judged = rows.map(({ name, label, result }) => ({ name, label, metrics: result.metrics }));
      return { shortfalls, said: verdicts(judged, shortfalls).map(({ sentence }) => sentence) };
    };

    test('is called worse where the interval of the difference says so', async () => {
      const { shortfalls, said } = await lower(20);
      expect(shortfalls.map(({ kind }) => kind)).toEqual(['worse', 'worse', 'notBetter']);
      expect(shortfalls[0]!.sentence).toMatch(
        /^The model is worse than a stub on ROC AUC: 0\.56 < 1\.00, difference 95% −0\.\d\d to −0\.\d\d\.$/,
      );
      expect(said).toEqual([
        expect.stringMatching(/^The model is worse than a stub \(ROC AUC 0\.56 vs 1\.00/),
      ]);
    });

    test.each([
      ['a few functions', () => lower(1)],
      ['no resamples', () => lower(20, 0)],
    ])('is called not better by %s', async (_, judge) => {
      const { shortfalls, said } = await judge();
      expect(shortfalls.map(({ kind }) => kind)).toEqual(['notBetter', 'notBetter', 'notBetter']);
      expect(said).toEqual([
        expect.stringMatching(/^The model is not better than a stub \(ROC AUC 0\.56 vs 1\.00/),
      ]);
    });

    test('is called worse on some metrics and not better on others', () => {
      const row = (name: string, f1: number) => ({
        name,
        label: name,
        metrics: { rocAuc: f1, averagePrecision: f1, f1 },
      });
      const fall = (
        metric: 'rocAuc' | 'averagePrecision' | 'f1',
        kind: 'worse' | 'notBetter' | 'unproven',
      ) => ({
        baseline: 'stub',
        metric,
        kind,
      });
      const said = verdicts(
        [row('model', 0.4), row('stub', 0.6)],
        [fall('rocAuc', 'worse'), fall('averagePrecision', 'notBetter'), fall('f1', 'unproven')],
      );
      expect(said.map(({ sentence }) => sentence)).toEqual([
        'The model is worse than stub (ROC AUC 0.40 vs 0.60); not better on AP 0.40 vs 0.60; within noise on F1 0.40 vs 0.60.',
      ]);
    });
  });

  test('a figure of a file that is null or missing beats nothing', () => {
    const row = (name: string, metrics: object) => ({ name, label: name, metrics });
    const baseline = row('random', { rocAuc: 0.5, averagePrecision: 0.5, f1: 0.5 });
    for (const rocAuc of [null, undefined, Number.NaN]) {
      const [verdict] = verdicts([row('model', { rocAuc, averagePrecision: 0.9, f1: 0.9 }), baseline], []);
      expect(verdict).toMatchObject({
        good: false,
        sentence: expect.stringContaining('ROC AUC is not defined'),
      });
    }
    const all = verdicts([row('model', { rocAuc: 0.9, averagePrecision: 0.9, f1: 0.9 }), baseline], []);
    expect(all).toEqual([{ good: true, sentence: 'The model beats every baseline on ROC AUC, AP and F1.' }]);
  });

  test('without resamples nothing is shown', async () => {
    const bare = better(4);
    const records = Array.from({ length: 4 }, () => TEST).flat();
    const whole = await withIntervals(bare, records, { clusters: clusterRecords(records), resamples: 0 });
    expect(whole.shortfalls.map(({ kind }) => kind)).toEqual(['unproven', 'unproven', 'unproven']);
  });

  test('a threshold is chosen on validation, else on training, and kept where it is fixed', () => {
    const { baseline, seen } = stubBaseline([0.2, 0.6, 0.4, 0.4]);
    const onValidation = fitBaselines({ ...data, baselines: [baseline] });
    expect(onValidation[0]).toMatchObject({ threshold: 0.4, thresholdFrom: 'validation' });
    expect(seen).toEqual({ train: 4, validation: 2 });
    const onTraining = fitBaselines({ train: data.train, baselines: [baseline] });
    expect(onTraining[0]).toMatchObject({ threshold: 0.2, thresholdFrom: 'training' });
    const unusable = fitBaselines({ ...data, validation: functions([0, 0]), baselines: [baseline] });
    expect(unusable[0]?.thresholdFrom).toBe('training');
    const fixed = fitBaselines({ ...data, baselines: [stubBaseline([0.1, 0.2], 0).baseline] });
    expect(fixed[0]).toMatchObject({ threshold: 0, thresholdFrom: 'fixed' });
  });

  test('the baselines of the registry stand beside every model', () => {
    const { rows } = evaluateWithBaselines({ ...data, scores: [1, 0, 1, 0, 1, 0] });
    expect(rows.map((row) => row.label)).toEqual([
      'model',
      'all-positive',
      'random',
      'length only',
      'TF-IDF + logistic regression',
      'nearest neighbour',
    ]);
    const allPositive = rows[1]!.result;
    expect(allPositive.metrics).toMatchObject({ recall: 1, precision: 0.5, rocAuc: 0.5 });
    expect(allPositive.pairs?.counts['P-V']).toBe(3);
  });
});

describe('formatTable', () => {
  const rowsOf = (records: ReturnType<typeof functions>, scores: number[]) =>
    evaluateWithBaselines({
      train: functions([1, 0]),
      test: records,
      scores,
      threshold: 0.5,
      baselines: [stubBaseline(scores).baseline],
    }).rows;

  test('one cell per column, registry order, pairs after the metrics', () => {
    const table = formatTable(rowsOf(TEST, [0.9, 0.1, 0.8, 0.7, 0.2, 0.3]), { digits: 2 });
    const keys = table.columns.map((column) => column.key);
    expect(keys.slice(0, 3)).toEqual(['rocAuc', 'averagePrecision', 'f1']);
    expect(keys.slice(-5)).toEqual(['P-C', 'P-V', 'P-B', 'P-R', 'pairRanking']);
    expect(keys).not.toContain('vdScore@0.01');
    expect(table.rows.map((row) => row.cells.length)).toEqual([keys.length, keys.length]);
    expect(table.rows[0]?.cells.slice(0, 3)).toEqual(['0.78', '0.87', '0.67']);
    expect(table.rows[0]?.cells.slice(-5)).toEqual(['33.3%', '33.3%', '33.3%', '0.0%', '0.67']);
    expect(table.notes).toEqual([
      'a stub: threshold chosen on the training functions',
      'pairs: 3 of a vulnerable function and its fix',
    ]);
  });

  test('all columns on request', () => {
    const records = TEST.map(({ code, target }) => ({ code, target, pair: 'same' }));
    const { columns, notes } = formatTable(rowsOf(records, [1, 0, 1, 0, 1, 0]), { columns: 'all' });
    expect(columns.map((column) => column.key)).toEqual([...metricNames, 'P-C', 'P-V', 'P-B', 'P-R']);
    expect(notes.at(-1)).toBe('pairs: 0 of a vulnerable function and its fix; 1 incomplete, not judged');
  });

  test('a dash and the reason where a metric is not defined', () => {
    const table = formatTable(rowsOf(functions([1, 1]), [0.9, 0.1]));
    const [first] = table.rows;
    expect(first?.cells[table.columns.findIndex((column) => column.key === 'rocAuc')]).toBe('–');
    expect(table.notes).toContain(
      'ROC AUC, AP, Best F1, Bal. acc., MCC not defined: every function is labelled vulnerable',
    );
  });
});
