/** @file Pairs that are the same up to the cut are found, and the length that leaves them distinct is the shortest. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseLength } from '../../../src/network/choose-length.ts';
import { findTruncation } from '../../../src/network/truncation.ts';
import { fitLength } from '../../../src/packing/fit-length.ts';

/** A pair whose two functions differ in the token at `at` alone. */
const pair = (name: string, length: number, at: number) =>
  ([1, 0] as const).map((target) => ({
    pair: name,
    target,
    ids: Array.from({ length }, (_, i) => (i === at ? target + 1 : 7)),
  }));

const cut = (functions: readonly { readonly ids: readonly number[] }[], maxLength: number) =>
  functions.map(({ ids }) => fitLength(ids, maxLength, 'truncate'));

describe('findTruncation', () => {
  const functions = [...pair('a', 10, 3), ...pair('b', 10, 8), { ids: [1], target: 1 as const }];

  test('counts what is cut, and the pairs that lose their difference', () => {
    expect(findTruncation(functions, cut(functions, 5))).toEqual({
      functions: 5,
      truncated: 4,
      pairs: 2,
      identicalPairs: 1,
      identicalRows: [2, 3],
    });
    expect(findTruncation(functions, cut(functions, 10))).toMatchObject({ truncated: 0, identicalPairs: 0 });
  });

  test('a pair with a dropped half, or with one label, is none', () => {
    const encoded = functions.map(({ ids }, i) => (i === 0 ? undefined : { ids, truncated: false }));
    expect(findTruncation(functions, encoded).pairs).toBe(1);
    const sameLabel = functions.map((one) => ({ ...one, target: 1 as const }));
    expect(findTruncation(sameLabel, cut(functions, 5)).pairs).toBe(0);
  });
});

describe('chooseLength', () => {
  const options = { longFunctions: 'truncate', longest: 100_000, endCount: 0 } as const;
  const choose = (functions: ReturnType<typeof pair>, given: Partial<typeof options> = {}) =>
    chooseLength(
      functions,
      functions.map(({ ids }) => ids),
      { ...options, ...given },
    );

  test('19 of 20 pairs decide', () => {
    const functions = Array.from({ length: 20 }, (_, i) => pair(`${i}`, 2000, i === 0 ? 1900 : 300)).flat();
    expect(choose(functions)).toEqual({ maxLength: 320, isCapped: false });
    const two = Array.from({ length: 20 }, (_, i) => pair(`${i}`, 2000, i < 2 ? 1900 : 300)).flat();
    expect(choose(two)).toEqual({ maxLength: 1920, isCapped: false });
  });

  test('never longer than the model, or than memory allows', () => {
    const functions = pair('a', 5000, 4000);
    expect(choose(functions)).toEqual({ maxLength: 2048, isCapped: true });
    expect(choose(functions, { longest: 500 as 100_000 })).toEqual({ maxLength: 500, isCapped: true });
  });

  test('pairs that are the same as a whole do not count; without pairs, whole functions do', () => {
    const same = [...pair('same', 3000, 3000), ...pair('a', 3000, 200)];
    expect(choose(same)).toEqual({ maxLength: 256, isCapped: false });
    const single = Array.from({ length: 20 }, (_, i) => ({
      target: 1 as const,
      ids: Array<number>(i === 0 ? 1500 : 400).fill(7),
    }));
    expect(
      chooseLength(
        single,
        single.map(({ ids }) => ids),
        options,
      ).maxLength,
    ).toBe(448);
  });

  test('property: at the chosen length enough pairs are distinct, one step below they are not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1900 }), { minLength: 1, maxLength: 30 }), (places) => {
        const functions = places.flatMap((at, i) => pair(`${i}`, 1950, at));
        const { maxLength } = choose(functions);
        const alike = (length: number) => findTruncation(functions, cut(functions, length)).identicalPairs;
        expect(alike(maxLength)).toBeLessThanOrEqual(0.05 * places.length);
        if (maxLength > 128) expect(alike(maxLength - 64)).toBeGreaterThan(0.05 * places.length);
      }),
      { numRuns: 30 },
    );
  });
});
