/** @file Slices, curves, and what a report is drawn from. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prCurve, rocCurve } from '../../../src/evaluation/curves.ts';
import { evaluateScores } from '../../../src/evaluation/evaluate.ts';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { averagePrecision, rocAuc } from '../../../src/evaluation/metrics/ranking.ts';
import { operatingPoints, reportData, scoreHistogram } from '../../../src/evaluation/report-data.ts';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';
import { evaluateSlices } from '../../../src/evaluation/slices/evaluate-slices.ts';
import { matchByLength } from '../../../src/evaluation/slices/match-by-length.ts';
import { standardSlices } from '../../../src/evaluation/slices/standard-slices.ts';

const record = (set: 'P1' | 'P2' | 'P3', length: number, more: object = {}) => ({
  code: 'x'.repeat(length),
  target: set === 'P1' ? 1 : 0,
  set,
  ...more,
});

const RECORDS = [
  record('P1', 10, { cwe: ['CWE-79', 'CWE-20'], language: 'java', project: 'a' }),
  record('P2', 11, { cwe: ['CWE-79'], language: 'java', project: 'a' }),
  record('P3', 40, { language: 'go', project: 'b' }),
  record('P1', 100, { cwe: ['CWE-79'], language: 'go', project: 'b' }),
  record('P3', 101, { language: 'go', project: 'b' }),
];

const rowsOf = (dimension: string) =>
  Object.fromEntries(
    standardSlices(RECORDS)
      .filter((slice) => slice.dimension === dimension)
      .map(({ name, rows }) => [name, [...rows]]),
  );

describe('standard slices', () => {
  test('each of its dimension', () => {
    expect(rowsOf('set')).toEqual({ 'P1+P2': [0, 1, 3], 'P1+P3': [0, 2, 3, 4] });
    expect(rowsOf('cwe')).toEqual({ 'CWE-79': [0, 1, 3], 'CWE-20': [0] });
    expect(rowsOf('language')).toEqual({ go: [2, 3, 4], java: [0, 1] });
    expect(rowsOf('project')).toEqual({ b: [2, 3, 4], a: [0, 1] });
    expect(rowsOf('length-matched')).toEqual({ 'pairs of similar length': [3, 4] });
  });

  test('length buckets hold every function once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }), (lengths) => {
        const records = lengths.map((length) => record('P1', length));
        const buckets = standardSlices(records).filter(({ dimension }) => dimension === 'length');
        const rows = buckets.flatMap((bucket) => [...bucket.rows]).sort((a, b) => a - b);
        if (new Set(lengths).size > 3) expect(buckets.length).toBeGreaterThan(1);
        if (buckets.length > 0) expect(rows).toEqual([...lengths.keys()]);
      }),
    );
  });

  test('one name, or none, is no dimension', () => {
    expect(
      standardSlices([record('P1', 5, { language: 'go' }), record('P2', 500, { language: 'go' })]),
    ).toEqual([
      { dimension: 'length', name: '5-499 characters', rows: Uint32Array.of(0) },
      { dimension: 'length', name: '500+ characters', rows: Uint32Array.of(1) },
    ]);
  });
});

describe('matching by length', () => {
  test('as many of either class, each once, lengths alike', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(some, (rows) => {
        const records = rows.map(([target, length]) => ({ target, code: 'x'.repeat(length) }));
        const matched = [...matchByLength(records)];
        expect(new Set(matched).size).toBe(matched.length);
        const lengths = (label: number) =>
          matched
            .filter((row) => records[row]!.target === label)
            .map((row) => records[row]!.code.length)
            .sort((a, b) => a - b);
        const [other, vulnerable] = [lengths(0), lengths(1)];
        expect(vulnerable.length).toBe(other.length);
        vulnerable.forEach((length, i) => {
          expect(Math.max(length, other[i]!) / Math.min(length, other[i]!)).toBeLessThanOrEqual(1.05);
        });
      }),
    );
  });
});

describe('evaluated slices', () => {
  test('right, wrong, the mark of a small one; figures are those of its rows alone', async () => {
    const scores = [0.9, 0.8, 0.1, 0.2, 0.3];
    const results = await evaluateSlices(
      { records: RECORDS, scores, threshold: 0.5 },
      standardSlices(RECORDS).filter(({ dimension }) => dimension === 'cwe' || dimension === 'set'),
      { clusters: clusterRecords(RECORDS, 'function'), resamples: 50 },
    );
    const cwe79 = results.find(({ name }) => name === 'CWE-79')!;
    expect([cwe79.right, cwe79.wrong, cwe79.result.metrics.accuracy]).toEqual([1, 2, 1 / 3]);
    expect(cwe79.tooSmall).toBe('only 2 vulnerable');
    const alone = evaluateScores({
      records: [RECORDS[0]!, RECORDS[2]!, RECORDS[3]!, RECORDS[4]!],
      scores: [0.9, 0.1, 0.2, 0.3],
      threshold: 0.5,
    });
    expect(results.find(({ name }) => name === 'P1+P3')!.result).toEqual(alone);
  });
});

test('a slice inside one project is resampled by what it is made of, not as one block', async () => {
  const records = Array.from({ length: 80 }, (_, i) => ({
    ...record(i % 2 === 0 ? 'P1' : 'P2', 10 + i),
    project: `p${Math.floor(i / 10)}`,
  }));
  const scores = records.map((_, i) => ((i * 29) % 80) / 80);
  const results = await evaluateSlices(
    { records, scores, threshold: 0.5 },
    standardSlices(records).filter(({ dimension }) => dimension === 'project'),
    { clusters: clusterRecords(records), resamples: 200 },
  );
  expect(results).toHaveLength(8);
  for (const { intervals } of results)
    expect(intervals.rocAuc!.high - intervals.rocAuc!.low).toBeGreaterThan(0.1);
});

const ties = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 12 })), {
    minLength: 2,
    maxLength: 40,
  })
  .filter((rows) => new Set(rows.map(([label]) => label)).size === 2)
  .map((rows) => ({ labels: rows.map(([y]) => y), scores: rows.map(([, s]) => s / 12) }));

describe('curves', () => {
  test('thinned, the ROC curve has the same area, and no three points in line', () => {
    fc.assert(
      fc.property(ties, ({ labels, scores }) => {
        const ranked = rankScores(labels, scores);
        const points = rocCurve(ranked);
        const area = points
          .slice(1)
          .reduce((sum, { x, y }, i) => sum + ((x - points[i]!.x) * (y + points[i]!.y)) / 2, 0);
        expect(area).toBeCloseTo(rocAuc(ranked), 12);
        expect([points[0], points.at(-1)]).toMatchObject([
          { x: 0, y: 0, threshold: null },
          { x: 1, y: 1 },
        ]);
        for (let i = 2; i < points.length; i++) {
          const [a, b, c] = [points[i - 2]!, points[i - 1]!, points[i]!];
          expect(Math.abs((b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x))).toBeGreaterThan(1e-12);
        }
      }),
    );
  });

  test('thinned, the precision-recall curve has the same average precision', () => {
    fc.assert(
      fc.property(ties, ({ labels, scores }) => {
        const ranked = rankScores(labels, scores);
        const points = prCurve(ranked);
        const sum = points.reduce((total, { x, y }, i) => total + (x - (points[i - 1]?.x ?? 0)) * y, 0);
        expect(sum).toBeCloseTo(averagePrecision(ranked), 12);
      }),
    );
  });

  test('one class has none', () => {
    expect(rocCurve(rankScores([1, 1], [0.1, 0.2]))).toEqual([]);
    expect(prCurve(rankScores([0, 0], [0.1, 0.2]))).toEqual([]);
  });
});

describe('report data', () => {
  const records = Array.from({ length: 120 }, (_, i) =>
    record(i % 2 === 0 ? 'P1' : i % 4 === 1 ? 'P2' : 'P3', 20 + i),
  );
  const scores = records.map(({ target }, i) => Math.min(1, ((i * 53) % 120) / 160 + 0.25 * target));
  const subject = { records, scores, threshold: 0.5 };

  test('is plain JSON; the bands hold the curves', async () => {
    const data = await reportData({
      ...subject,
      clusters: clusterRecords(records),
      result: evaluateScores(subject),
      intervals: {},
    });
    expect(JSON.parse(JSON.stringify(data))).toMatchObject({
      functions: 120,
      vulnerable: 60,
      formatVersion: 1,
    });
    expect(data.roc.band).toHaveLength(101);
    const inside = data.roc.band.filter(({ x, low, high }) => {
      const below = data.roc.points.findLast((point) => point.x <= x)!;
      const above = data.roc.points.find((point) => point.x >= x)!;
      return low <= Math.max(below.y, above.y) + 1e-9 && high >= Math.min(below.y, above.y) - 1e-9;
    });
    expect(inside.length).toBe(101);
    expect(data.pr.band.every(({ low, high }) => low <= high && low >= 0 && high <= 1)).toBe(true);
    expect(data.slices.map(({ name }) => name)).toContain('P1+P2');
    expect(data.reliability.reduce((sum, { size }) => sum + size, 0)).toBe(120);
  });

  test('the histogram counts every function in its group', () => {
    const bins = scoreHistogram(records, scores);
    const total = (group: string) => bins.reduce((sum, { counts }) => sum + counts[group]!, 0);
    expect([total('P1'), total('P2'), total('P3')]).toEqual([60, 30, 30]);
    expect(bins[0]!.from).toBeLessThanOrEqual(Math.min(...scores));
    expect(bins.at(-1)!.to).toBeGreaterThanOrEqual(Math.max(...scores));
    expect(scoreHistogram([{ target: 1 }], [1]).at(-1)!.counts).toEqual({ vulnerable: 1 });
  });

  test.each([
    ['of a calibrated model', [0.351, 0.355, 0.362, 0.38], 0.34, 0.39],
    ['that are all alike', [0.4, 0.4], 0.35, 0.45],
    ['at both ends', [0, 1], 0, 1],
    ['that are logits', [-3, 5], -4, 6],
  ])('the axis fits scores %s', (_, some, low, high) => {
    const bins = scoreHistogram(
      some.map(() => ({ target: 1 })),
      some,
    );
    const [from, to] = [bins[0]!.from, bins.at(-1)!.to];
    expect(from).toBeGreaterThanOrEqual(low);
    expect(from).toBeLessThanOrEqual(Math.min(...some));
    expect(to).toBeLessThanOrEqual(high + 1e-12);
    expect(to).toBeGreaterThanOrEqual(Math.max(...some) - 1e-12);
    expect(bins.reduce((sum, { counts }) => sum + counts.vulnerable!, 0)).toBe(some.length);
  });

  test('operating points: every threshold, or evenly many with both ends', () => {
    const ranked = rankScores(
      records.map(({ target }) => target),
      scores,
    );
    const all = operatingPoints(ranked);
    expect(all.at(-1)).toMatchObject({ truePositives: 60, falsePositives: 60 });
    const few = operatingPoints(ranked, 5);
    expect(few).toHaveLength(5);
    expect([few[0], few[4]]).toEqual([all[0], all.at(-1)]);
  });
});
