import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';
import {
  lineDifferences,
  lineMeasures,
  lineRanks,
  longestLineRanks,
  RANDOM_ORDERS,
  randomLineRanks,
} from '../../../src/explain/line-metrics.ts';

const functions = [
  { code: 'a\n\nbbb\ncc', changed: [3] },
  { code: 'one\ntwo\nthree\nfour\nfive\nsix', changed: [6, 5] },
];

describe('ranks of changed lines', () => {
  test('highest score first, blank lines left out, ties in order', () => {
    expect(
      lineRanks(functions, [
        [1, 9, 5, 0],
        [0, 0, 0, 0, 0, 0],
      ]),
    ).toEqual(Float64Array.of(0, 4));
  });

  test('a changed line that is blank is never found; one that was not read comes last', () => {
    const ranks = lineRanks(
      [
        { code: 'a\n\nb', changed: [2] },
        { code: 'a\nb\nc', changed: [2] },
      ],
      [
        [1, 1, 1],
        [-3, Number.NEGATIVE_INFINITY, -4],
      ],
    );
    expect(ranks).toEqual(Float64Array.of(Number.NaN, 2));
  });

  test('longest line first', () => {
    expect(longestLineRanks(functions)).toEqual(Float64Array.of(0, 2));
  });

  test('random orders are those of the seed, and as many as it takes for chance', () => {
    expect(randomLineRanks(functions, 1)).toEqual(randomLineRanks(functions, 1));
    expect(randomLineRanks(functions, 1)).not.toEqual(randomLineRanks(functions, 2));
    const many = Array.from({ length: 200 }, () => ({ code: 'a\nb\nc\nd', changed: [2] }));
    const ranks = randomLineRanks(many, 3);
    expect(ranks).toHaveLength(RANDOM_ORDERS);
    // One of four lines: top-1 in a quarter of the functions, 1.5 lines ahead.
    const { top1, top5, initialFalseAlarm } = lineMeasures(ranks);
    expect(top1).toBeCloseTo(0.25, 1);
    expect(initialFalseAlarm).toBeCloseTo(1.5, 1);
    expect(top5).toBe(1);
  });
});

describe('measures', () => {
  test('shares within k and the mean rank, averaged over rankings', () => {
    expect(lineMeasures([Float64Array.of(0, 4, 9, 10)])).toEqual({
      top1: 0.25,
      top5: 0.5,
      top10: 0.75,
      initialFalseAlarm: 23 / 4,
    });
    expect(lineMeasures([Float64Array.of(0), Float64Array.of(4)])).toMatchObject({
      top1: 0.5,
      initialFalseAlarm: 2,
    });
  });

  test('a better ranking does no worse on any of them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 }), { minLength: 1 }), (ranks) => {
        const [worse, better] = [ranks, ranks.map((rank) => Math.floor(rank / 2))];
        const [a, b] = [worse, better].map((all) => lineMeasures([Float64Array.from(all)]));
        expect(b!.top1).toBeGreaterThanOrEqual(a!.top1);
        expect(b!.top5).toBeGreaterThanOrEqual(a!.top5);
        expect(b!.top10).toBeGreaterThanOrEqual(a!.top10);
        expect(b!.initialFalseAlarm).toBeLessThanOrEqual(a!.initialFalseAlarm);
      }),
    );
  });

  test('differences: none for the same ranking, wider where few clusters hold all functions, none of one', () => {
    const ranks = Float64Array.from({ length: 60 }, (_, i) => i % 3);
    const others = Float64Array.from({ length: 60 }, (_, i) => (i * 7) % 5);
    const by = (clusterOf: (i: number) => string) =>
      clusterRecords(
        Array.from(ranks, (_, i) => ({ commit: clusterOf(i) })),
        'commit',
      );
    const single = by(String);
    expect(lineDifferences([ranks], [ranks], single, 1).top1).toMatchObject({ low: 0, high: 0 });
    const { initialFalseAlarm, top1 } = lineDifferences([ranks], [others], single, 1);
    // Mean rank 1 against 2; a third of the first ranks against a fifth.
    expect(initialFalseAlarm!.low).toBeLessThan(-1);
    expect(initialFalseAlarm!.high).toBeGreaterThan(-1);
    expect(initialFalseAlarm!.high).toBeLessThan(0);
    expect(top1!.low).toBeLessThan(1 / 3 - 1 / 5);
    expect(top1!.high).toBeGreaterThan(1 / 3 - 1 / 5);
    const alike = lineDifferences(
      [ranks],
      [others],
      by((i) => `${i % 3}`),
      1,
    ).initialFalseAlarm!;
    expect(alike.high - alike.low).toBeGreaterThan(initialFalseAlarm!.high - initialFalseAlarm!.low);
    expect(
      lineDifferences(
        [ranks],
        [others],
        by(() => 'one'),
        1,
      ).top1,
    ).toBeUndefined();
  });
});
