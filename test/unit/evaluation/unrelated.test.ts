/** @file V2N: vulnerable functions against unrelated ones, as counted by hand over all pairs of the two. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateScores } from '../../../src/evaluation/evaluate.ts';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';
import { bootstrapReplicates, intervalsOf } from '../../../src/evaluation/resampling/intervals.ts';

const SETS = ['P1', 'P2', 'P3'] as const;
const record = (set: (typeof SETS)[number]) => ({ code: '', set, target: set === 'P1' ? 1 : 0 });

test('is the share of P1 and P3 in the right order, ties half; fixes do not count', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...SETS), fc.integer({ min: 0, max: 5 })), {
        minLength: 1,
        maxLength: 40,
      }),
      (rows) => {
        const records = rows.map(([set]) => record(set));
        const { unrelated } = evaluateScores({
          records,
          scores: rows.map(([, score]) => score),
          threshold: 3,
        });
        const of = (set: string) => rows.filter(([one]) => one === set).map(([, score]) => score);
        const won = of('P1').flatMap((a) => of('P3').map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        if (won.length === 0) expect(unrelated).toBeUndefined();
        else {
          expect(unrelated).toMatchObject({ vulnerable: of('P1').length, unrelated: of('P3').length });
          expect(unrelated!.rocAuc).toBeCloseTo(won.reduce<number>((a, b) => a + b, 0) / won.length, 12);
        }
      },
    ),
  );
});

test('has an interval around it', async () => {
  const records = Array.from({ length: 90 }, (_, i) => record(SETS[i % 3]!));
  const scores = records.map(({ set }, i) => ((i * 37) % 17) / 17 + (set === 'P1' ? 0.3 : 0));
  const subject = { records, scores, threshold: 0.5 };
  const [replicates] = await bootstrapReplicates([subject], {
    clusters: clusterRecords(records),
    resamples: 100,
  });
  const { low, high } = intervalsOf(replicates!).unrelatedRanking!;
  const { rocAuc } = evaluateScores(subject).unrelated!;
  expect(low).toBeLessThan(rocAuc);
  expect(high).toBeGreaterThan(rocAuc);
});
