/** @file Which unchanged functions a build takes: shares of fixes, and lengths like those of vulnerable functions. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CandidateIndex } from '../../../src/dataset/builder/select/candidate-index.ts';
import { CHOICE } from '../../../src/dataset/builder/select/choice.ts';
import { chooseUnchanged } from '../../../src/dataset/builder/select/choose-unchanged.ts';
import { hardNegatives } from '../../../src/dataset/builder/select/hard-negatives.ts';
import { NearestLengths } from '../../../src/dataset/builder/select/nearest-lengths.ts';

describe('lengths like those of the vulnerable functions', () => {
  /** Vulnerable functions of these lengths, then unchanged ones. */
  function choose(vulnerable: readonly number[], unchanged: readonly number[], ratio: number) {
    const tokens = [...vulnerable, ...unchanged];
    const index = { tokens, unit: tokens.map(() => 0), label: new Map() } as unknown as CandidateIndex;
    const choice = Uint8Array.from(tokens, (_, at) => (at < vulnerable.length ? CHOICE.P1 : CHOICE.none));
    const eligible = unchanged.map((_, at) => vulnerable.length + at);
    const options = { ratio, seed: 1, negatives: 'same-commit', negativeLengths: 'matched' } as const;
    return chooseUnchanged(eligible, index, choice, options, () => undefined).map(
      (candidate) => tokens[candidate],
    );
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

describe('hard negatives', () => {
  interface Row {
    readonly name: string;
    readonly tokens: number;
    readonly file: number;
    readonly project: string;
    readonly language: 'python' | 'java';
  }
  const row = (
    name: string,
    tokens: number,
    file: number,
    project = 'p',
    language: Row['language'] = 'python',
  ) => ({
    name,
    tokens,
    file,
    project,
    language,
  });
  /** The names of those chosen, in any order. */
  function choose(vulnerable: readonly Row[], unchanged: readonly Row[], ratio: number) {
    const rows = [...vulnerable, ...unchanged];
    const chosen = hardNegatives({
      order: unchanged.map((_, at) => vulnerable.length + at),
      vulnerable: vulnerable.map((_, at) => at),
      index: {
        tokens: rows.map(({ tokens }) => tokens),
        file: rows.map(({ file }) => file),
        language: rows.map(({ language }) => language),
      },
      projectOf: (candidate) => rows[candidate]!.project,
      ratio,
    });
    return [...chosen].map((candidate) => rows[candidate]!.name).sort();
  }

  test('of the same file, else project, else language, where the length fits', () => {
    const vulnerable = [row('V', 100, 1)];
    const language = row('language', 100, 3, 'q');
    const project = row('project', 110, 2);
    const file = row('file', 120, 1);
    expect(choose(vulnerable, [language, project, file], 1)).toEqual(['file']);
    expect(choose(vulnerable, [language, project, row('long', 151, 1)], 1)).toEqual(['project']);
    expect(choose(vulnerable, [language, row('short', 66, 2), row('long', 151, 1)], 1)).toEqual(['language']);
    // Better an uneven length than none.
    expect(choose(vulnerable, [row('long', 900, 1)], 1)).toEqual(['long']);
  });

  test('another language never stands in, and no language gets more than its share', () => {
    const vulnerable = [row('V', 100, 1), row('W', 100, 2, 'q', 'java')];
    const many = Array.from({ length: 9 }, (_, at) => row(`python${at}`, 100, 1));
    expect(choose(vulnerable, many, 2)).toEqual(['python0', 'python1']);
    expect(choose(vulnerable, [...many, row('java', 9, 7, 'r', 'java')], 1)).toEqual(['java', 'python0']);
  });

  test('a neighbour is kept for the one whose file it is in; a fraction serves the first', () => {
    const vulnerable = [row('V', 100, 1), row('W', 100, 2)];
    expect(choose(vulnerable, [row('of W', 100, 2), row('far', 300, 3)], 1)).toEqual(['far', 'of W']);
    expect(choose(vulnerable, [row('of V', 100, 1), row('of W', 100, 2)], 0.5)).toEqual(['of V']);
    expect(choose([], [row('of V', 100, 1)], 1)).toEqual([]);
  });
});
