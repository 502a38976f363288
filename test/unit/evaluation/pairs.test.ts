import { describe, expect, test } from 'vitest';
import { judgePairs } from '../../../src/evaluation/pairs.ts';

const record = (pair: string | undefined, target: number) => ({ pair, target });

describe('judgePairs', () => {
  test('the four outcomes, whatever the order; a score at the threshold is flagged', () => {
    const rows: [string, number, number][] = [
      ['right', 1, 0.5],
      ['both flagged', 0, 0.9],
      ['reversed', 0, 0.7],
      ['right', 0, 0.4],
      ['both flagged', 1, 0.8],
      ['reversed', 1, 0.2],
      ['both passed', 1, 0.1],
      ['both passed', 0, 0.3],
      ['right too', 0, 0],
      ['right too', 1, 1],
    ];
    const result = judgePairs(
      rows.map(([pair, target]) => record(pair, target)),
      rows.map(([, , score]) => score),
      0.5,
    );
    expect(result).toEqual({
      complete: 5,
      incomplete: 0,
      counts: { 'P-C': 2, 'P-V': 1, 'P-B': 1, 'P-R': 1 },
      fractions: { 'P-C': 0.4, 'P-V': 0.2, 'P-B': 0.2, 'P-R': 0.2 },
      ranked: 2,
      tied: 0,
      rankingAccuracy: 0.4,
    });
  });

  test('pairs with a side missing or doubled are counted and not judged', () => {
    const records = [
      record('alone', 1),
      record('two fixes', 1),
      record('two fixes', 0),
      record('two fixes', 0),
      record(undefined, 0),
    ];
    expect(judgePairs(records, [1, 1, 0, 0, 0], 0.5)).toEqual({
      complete: 0,
      incomplete: 2,
      counts: { 'P-C': 0, 'P-V': 0, 'P-B': 0, 'P-R': 0 },
      fractions: undefined,
      ranked: 0,
      tied: 0,
      rankingAccuracy: undefined,
    });
  });

  test('ranking needs no threshold, and a tie is not right', () => {
    const records = ['a', 'b', 'c'].flatMap((pair) => [record(pair, 1), record(pair, 0)]);
    expect(judgePairs(records, [0.2, 0.1, 0.3, 0.3, 0.1, 0.4], 0.9)).toMatchObject({
      ranked: 1,
      tied: 1,
      rankingAccuracy: 1 / 3,
    });
  });

  test('no record names a pair', () => {
    expect(judgePairs([record(undefined, 1)], [1], 0.5)).toBeUndefined();
  });
});
