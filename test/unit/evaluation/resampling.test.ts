/** @file Clusters, the bootstrap's draws, intervals, differences; what is true of DeLong whatever the scores. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareModels } from '../../../src/evaluation/compare-models.ts';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { rocAuc } from '../../../src/evaluation/metrics/ranking.ts';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';
import { delongTest } from '../../../src/evaluation/resampling/delong.ts';
import {
  bootstrapReplicates,
  intervalsOf,
  pairedDifference,
  percentileInterval,
} from '../../../src/evaluation/resampling/intervals.ts';

describe('clusters', () => {
  test('the first of commit, project and pair that records name; those without it go with their pair or alone', () => {
    const records = [
      { commit: 'a', project: 'x' },
      { commit: 'a', project: 'y' },
      { commit: 'a', project: 'x' },
      { pair: 'p' },
      { pair: 'p' },
      {},
      {},
    ];
    const { by, count, of } = clusterRecords(records);
    expect([by, count, [...of]]).toEqual(['commit', 5, [0, 1, 0, 2, 2, 3, 4]]);
    expect(clusterRecords(records, 'project')).toMatchObject({ by: 'project', count: 5 });
    expect([...clusterRecords(records, 'function').of]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const paired = Array.from({ length: 10 }, (_, i) => ({ pair: `${i >> 1}`, project: `${i % 3}` }));
    // Three projects are too few to resample.
    expect(clusterRecords(paired)).toMatchObject({ by: 'pair', count: 5 });
    expect(clusterRecords(paired, 'project')).toMatchObject({ by: 'project', count: 3 });
    expect(clusterRecords([{}, {}])).toMatchObject({ by: 'function', count: 2 });
  });

  test('a field that no record has is refused', () => {
    expect(() => clusterRecords([{ project: 'x' }], 'commit')).toThrow(/no function has a "commit"/);
  });

  test('numbers are dense', () => {
    const record = fc.record(
      { commit: fc.constantFrom('a', 'b', 'c'), pair: fc.constantFrom('p', 'q') },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const { count, of } = clusterRecords(records);
        expect([...new Set(of)].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
      }),
    );
  });
});

const records = Array.from({ length: 60 }, (_, i) => ({ target: i % 3 === 0 ? 1 : 0, pair: `${i >> 1}` }));
const scores = records.map(({ target }, i) => ((i * 37) % 60) / 75 + 0.2 * target);

describe('bootstrap', () => {
  const subject = { records, scores, threshold: 0.6 };
  const byPair = clusterRecords(records);

  test('the same seed draws the same, another one others', async () => {
    const run = async (seed: number) =>
      (await bootstrapReplicates([subject], { clusters: byPair, resamples: 20, seed }))[0]!.get('rocAuc');
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  test('a replicate is the metric on the drawn functions, each as often as it was drawn', async () => {
    const drawn: number[] = [];
    let x = 5;
    const draw = (bound: number) => {
      x = (x * 16807) % 2147483647;
      drawn.push(x % bound);
      return x % bound;
    };
    const [replicates] = await bootstrapReplicates([subject], { clusters: byPair, resamples: 3, draw });
    for (let r = 0; r < 3; r++) {
      const rows = drawn
        .slice(r * byPair.count, (r + 1) * byPair.count)
        .flatMap((cluster) => [2 * cluster, 2 * cluster + 1]);
      const ranked = rankScores(
        rows.map((row) => records[row]!.target),
        rows.map((row) => scores[row]!),
      );
      expect(replicates!.get('rocAuc')![r]).toBeCloseTo(rocAuc(ranked), 12);
      const complete = rows.filter(
        (row) => row % 2 === 0 && records[row]!.target + records[row + 1]!.target === 1,
      );
      const right = complete.filter((row) => {
        const [vulnerable, fixed] = records[row]!.target === 1 ? [row, row + 1] : [row + 1, row];
        return scores[vulnerable]! > scores[fixed]!;
      });
      expect(replicates!.get('pairRanking')![r]).toBeCloseTo(right.length / complete.length, 12);
    }
  });

  test('functions of one cluster that say the same count once: wider than by function', async () => {
    const copied = Array.from({ length: 300 }, (_, i) => ({
      target: (i / 10) & 1,
      commit: `${Math.floor(i / 10)}`,
    }));
    const copiedScores = copied.map((_, i) => ((Math.floor(i / 10) * 7) % 30) / 30);
    const width = async (by: 'commit' | 'function') => {
      const [replicates] = await bootstrapReplicates(
        [{ records: copied, scores: copiedScores, threshold: 0.5 }],
        { clusters: clusterRecords(copied, by), resamples: 300 },
      );
      const { low, high } = intervalsOf(replicates!).rocAuc!;
      return high - low;
    };
    // Ten copies of everything: sqrt(10) times.
    expect((await width('commit')) / (await width('function'))).toBeGreaterThan(2.5);
  });

  test('no interval where most resamples have no value', () => {
    expect(percentileInterval(Float64Array.of(0.5, Number.NaN, Number.NaN))).toBeUndefined();
    expect(percentileInterval(Float64Array.of(0, 1, Number.NaN))).toEqual({
      low: expect.closeTo(0.025, 12),
      high: expect.closeTo(0.975, 12),
      level: 0.95,
    });
  });

  test('stops when told', async () => {
    const stop = new AbortController();
    const running = bootstrapReplicates([subject], {
      clusters: byPair,
      resamples: 10_000_000,
      figures: ['rocAuc'],
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('differences', () => {
  test('how often resamples fall on the other side, twice', () => {
    const first = Float64Array.from({ length: 99 }, (_, r) => (r < 4 ? 0 : 2));
    const { pValue } = pairedDifference(first, new Float64Array(99).fill(1))!;
    expect(pValue).toBeCloseTo((2 * 5) / 100, 12);
  });

  test('a model against itself is noise; against a better one it is not', async () => {
    const clusters = clusterRecords(records, 'function');
    const model = { scores, threshold: 0.6 };
    const itself = await compareModels(records, model, model, { clusters, resamples: 200 });
    expect(itself.verdict).toBe('The two models rank these functions the same way.');
    expect(itself.differences.every(({ decided }) => decided === undefined)).toBe(true);
    const perfect = { scores: records.map(({ target }) => target), threshold: 0.5 };
    const better = await compareModels(records, model, perfect, { clusters, resamples: 200 });
    expect(better.verdict).toMatch(/^The second model ranks better: the ROC AUCs differ by 0\.\d{3}/);
    const decided = new Map(better.differences.map((one) => [one.figure, one.decided]));
    expect([decided.get('rocAuc'), decided.get('brier'), decided.get('falsePositiveRate')]).toEqual([
      'second',
      'second',
      'second',
    ]);
    const reversed = await compareModels(records, perfect, model, { clusters, resamples: 200 });
    expect(reversed.verdict).toMatch(/^The first model ranks better/);
    const noisy = { scores: scores.map((score, i) => score + ((i * 13) % 5) / 50), threshold: 0.6 };
    const close = await compareModels(records, model, noisy, { clusters, resamples: 200 });
    expect(close.verdict).toMatch(/^No difference is shown/);
  });
});

describe('DeLong', () => {
  const score = fc.integer({ min: 0, max: 9 });
  const rows = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 1 }), score, score), { minLength: 4, maxLength: 30 })
    .filter((all) => [0, 1].every((label) => all.filter(([y]) => y === label).length >= 2));

  test('AUCs are those of the metric, exchanging the two turns z around, increasing changes do nothing', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [y, a, b] = [0, 1, 2].map((column) => all.map((row) => row[column]!)) as [
          number[],
          number[],
          number[],
        ];
        const forward = delongTest(y, a, b)!;
        expect(forward.first.auc).toBeCloseTo(rocAuc(rankScores(y, a)), 12);
        const back = delongTest(y, b, a)!;
        expect(back.z).toBeCloseTo(-forward.z, 6);
        const stretched = delongTest(
          y,
          a.map((s) => Math.exp(s)),
          b,
        )!;
        expect(stretched).toEqual(forward);
        expect(forward.pValue).toBeGreaterThanOrEqual(0);
        expect(forward.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('the same scores do not differ; one function of a class tells nothing', () => {
    expect(delongTest([0, 1, 0, 1], [1, 2, 3, 4], [1, 2, 3, 4])).toMatchObject({ z: 0, pValue: 1 });
    expect(delongTest([0, 1, 0], [1, 2, 3], [1, 2, 3])).toBeUndefined();
  });
});
