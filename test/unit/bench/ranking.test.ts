/**
 * @file What the benchmarks over releases count: the first part of a ranking with ties, what chance gives exactly, means and
 * resampled means over packages, fixes by their releases, the text at a place.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

interface Group {
  readonly sums: readonly number[];
  readonly count: number;
}
interface Ranking {
  topCount: (size: number, share: number) => number;
  randomShare: (size: number, share: number) => number;
  inTop: (scores: readonly number[], index: number, share: number) => number;
  position: (scores: readonly number[], index: number) => number;
  groupedMeans: (fixes: readonly { group: string; values: readonly number[] }[]) => {
    means: readonly number[];
    groups: readonly Group[];
  };
  weighedMeans: (groups: readonly Group[], weights: readonly number[]) => readonly number[];
}
interface Pair {
  readonly project: string;
  readonly ecosystem: string;
  readonly vulnerable: string;
  readonly fixed: string;
  readonly known: readonly object[];
  readonly repaired: readonly object[];
}
interface Fixes {
  releasePairs: (records: readonly object[]) => readonly Pair[];
  shuffledPackages: (
    pairs: readonly Pair[],
    shuffle: (names: readonly string[]) => readonly string[],
  ) => readonly { project: string; pairs: readonly Pair[] }[];
  textAt: (
    text: string,
    place: { startLine: number; startColumn: number; endLine: number; endColumn: number },
  ) => string;
}

const bench = resolve(import.meta.dirname, '..', '..', '..', 'bench');
const load = async <T>(file: string): Promise<T> =>
  (await import(/* @vite-ignore */ pathToFileURL(join(bench, file)).href)) as T;
const { topCount, randomShare, inTop, position, groupedMeans, weighedMeans } = await load<Ranking>(
  'held-out-fixes/ranking.mjs',
);
const { releasePairs, shuffledPackages, textAt } = await load<Fixes>('fixes.mjs');

describe('the first share of a ranking', () => {
  test.each([
    [20, 0.05, 1],
    [21, 0.05, 2],
    [100, 0.05, 5],
    [3, 0.05, 1],
    [1, 0.05, 1],
    [10, 1, 10],
  ])('of %d functions, %d: %d', (size, share, count) => {
    expect(topCount(size, share)).toBe(count);
    expect(randomShare(size, share)).toBe(count / size);
  });

  test('a function is in it or not', () => {
    const scores = [0.9, 0.1, 0.5, 0.3];
    expect(scores.map((_, i) => inTop(scores, i, 0.5))).toEqual([1, 0, 1, 0]);
  });

  test('of equal scores across the limit, as many as a random order among them gives', () => {
    expect(inTop([0.9, 0.5, 0.5, 0.5], 2, 0.5)).toBeCloseTo(1 / 3);
    expect(inTop([0.5, 0.5], 0, 0.5)).toBe(0.5);
  });

  test('whatever the scores, all functions together are as many as the first: chance is exact', () => {
    const lists = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lists, fc.double({ min: 0.01, max: 1, noNaN: true }), (scores, share) => {
        const found = scores.reduce((sum, _, i) => sum + inTop(scores, i, share), 0);
        expect(found / scores.length).toBeCloseTo(randomShare(scores.length, share));
      }),
    );
  });

  test('positions run from 0 to 1 and are 1/2 on average', () => {
    const scores = [0.9, 0.1, 0.5];
    expect(scores.map((_, i) => position(scores, i))).toEqual([0, 1, 0.5]);
    expect(position([0.5, 0.5, 0.5], 0)).toBe(0.5);
    expect(position([0.5], 0)).toBe(0);
  });
});

test('means are over fixes, resampled by package', () => {
  const fix = (group: string, ...values: number[]) => ({ group, values });
  const { means, groups } = groupedMeans([fix('a', 1, 2), fix('b', 0, 4), fix('a', 1, 0)]);
  expect(means).toEqual([2 / 3, 2]);
  expect(weighedMeans(groups, [2, 0])).toEqual([1, 1]);
  expect(weighedMeans(groups, [0, 1])).toEqual([0, 4]);
  expect(weighedMeans(groups, [0, 0])[0]).toBeNaN();
});

describe('releases of a dataset', () => {
  const record = (set: string, project: string, commit?: string, language = 'javascript') => ({
    set,
    project,
    language,
    ...(commit === undefined ? {} : { commit }),
  });

  test('fixes of one pair of releases are together, and its registry is known', () => {
    const pairs = releasePairs([
      record('P1', 'left', '1.0.0...1.0.1'),
      record('P2', 'left', '1.0.0...1.0.1'),
      record('P1', 'left', '2.0.0...2.0.1'),
      record('P1', 'group:jar', '1...2', 'java'),
      record('P1', 'snake', '1...2', 'python'),
    ]);
    expect(pairs.map(({ ecosystem }) => ecosystem)).toEqual(['npm', 'npm', 'maven', 'pypi']);
    expect(pairs[0]).toMatchObject({ vulnerable: '1.0.0', fixed: '1.0.1' });
    expect([pairs[0]!.known.length, pairs[0]!.repaired.length]).toEqual([1, 1]);
  });

  test('a commit of a repository, an untouched function and a fix without its vulnerable side are none', () => {
    const none = [
      record('P1', 'left', '0123abc'),
      record('P1', 'left'),
      record('P3', 'left', '1...2'),
      record('P2', 'left', '3...4'),
    ];
    expect(releasePairs(none)).toEqual([]);
  });

  test('packages are shuffled whole', () => {
    const pairs = releasePairs([
      record('P1', 'b', '1...2'),
      record('P1', 'a', '1...2'),
      record('P1', 'b', '3...4'),
    ]);
    const packages = shuffledPackages(pairs, (names) => names.toReversed());
    expect(packages.map(({ project, pairs: of }) => `${project} ${of.length}`)).toEqual(['b 2', 'a 1']);
  });
});

test('the text at a place: its columns are 1-based and the last one is left out', () => {
  const text = 'a = function () {\n  return 1;\n}; b';
  expect(textAt(text, { startLine: 1, startColumn: 5, endLine: 3, endColumn: 2 })).toBe(
    'function () {\n  return 1;\n}',
  );
  expect(textAt(text, { startLine: 3, startColumn: 4, endLine: 3, endColumn: 5 })).toBe('b');
});
