/** @file Which unchanged functions a build takes: shares of fixes, and lengths like those of vulnerable functions. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CandidateIndex } from '../../../src/dataset/builder/select/candidate-index.ts';
import { CHOICE } from '../../../src/dataset/builder/select/choice.ts';
import { chooseUnchanged } from '../../../src/dataset/builder/select/choose-unchanged.ts';
import { NearestLengths } from '../../../src/dataset/builder/select/nearest-lengths.ts';

describe('lengths like those of the vulnerable functions', () => {
  /** Vulnerable functions of these lengths, then unchanged ones. */
  function choose(vulnerable: readonly number[], unchanged: readonly number[], ratio: number) {
    const tokens = [...vulnerable, ...unchanged];
    const index = { tokens, unit: tokens.map(() => 0), label: new Map() } as unknown as CandidateIndex;
    const choice = Uint8Array.from(tokens, (_, at) => (at < vulnerable.length ? CHOICE.P1 : CHOICE.none));
    const eligible = unchanged.map((_, at) => vulnerable.length + at);
    const options = { ratio, seed: 1, negatives: 'same-commit', negativeLengths: 'matched' } as const;
    return chooseUnchanged(eligible, index, choice, options).map((candidate) => tokens[candidate]);
  }

  test('each takes the nearest by ratio that is left, in turn', () => {
    expect(choose([100, 10], [5, 9, 11, 60, 90, 400], 1)).toEqual([11, 90]);
    expect(choose([100, 10], [5, 9, 11, 60, 90, 400], 2)).toEqual([9, 11, 60, 90]);
    expect(choose([100, 10], [5, 9, 11], 4)).toEqual([5, 9, 11]);
    expect(choose([], [5, 9, 11], 4)).toEqual([]);
  });

  test('property: the nearest is as near as any that is left, and none is given twice', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lengths, lengths, (have, wanted) => {
        const nearest = new NearestLengths(have.map((length, candidate) => ({ candidate, length })));
        const left = new Map(have.map((length, candidate) => [candidate, length]));
        const distance = (a: number, b: number) => Math.max(a / b, b / a);
        for (const want of wanted) {
          const taken = nearest.take(want);
          if (left.size === 0) expect(taken).toBeUndefined();
          else {
            const best = Math.min(...[...left.values()].map((length) => distance(length, want)));
            expect(distance(left.get(taken!)!, want)).toBeCloseTo(best, 12);
            left.delete(taken!);
          }
        }
      }),
    );
  });
});
