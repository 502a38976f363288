/** @file The parts that dataset builders share: matching, file filters, splitting, the pool. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Matchable, matchFunctions } from '../../../src/dataset/changes/match-functions.ts';
import { SPLITS } from '../../../src/dataset/parts.ts';
import { runPool } from '../../../src/dataset/sources/releases/run-pool.ts';
import { splitByGroup } from '../../../src/dataset/splits/split-by-group.ts';
import { parseSource } from '../../../src/source/parse-source.ts';
import { contentProblem, isBuiltPath, pathProblem } from '../../../src/source/source-filters.ts';

function matchables(source: string): (Matchable & { readonly line: number })[] {
  const parsed = parseSource(source, 'javascript');
  return parsed.functions.map((entry) => ({
    ...entry,
    text: parsed.normalise(entry),
    line: entry.startLine,
  }));
}

/** Lines of counterparts: 'old→new', with '-' for none. */
function matched(before: string, after: string): string[] {
  const [olds, news] = [matchables(before), matchables(after)];
  return matchFunctions(olds, news).map(
    (to, from) => `${olds[from]!.line}→${to === undefined ? '-' : news[to]!.line}`,
  );
}

describe('which function is which', () => {
  test('by qualified name, wherever it moved in the file', () => {
    const before = 'function a() { return 1 }\nfunction b() { return 2 }\nclass C { b() { return 3 } }';
    const after = 'class C { b() { return 33 } }\nfunction b() { return 22 }\nfunction a() { return 1 }';
    expect(matched(before, after)).toEqual(['1→3', '2→2', '3→1']);
  });

  test('names that repeat: equal bodies first, then the most alike', () => {
    const before = 'x = { get() { return one.two.three(4) } };\nx = { get() { return cache } };';
    const after =
      'x = { get() { return fresh } };\nx = { get() { return cache } };\nx = { get() { return one.two.three(5) } };';
    expect(matched(before, after)).toEqual(['1→3', '2→2']);
  });

  test('anonymous functions by the place they stand in', () => {
    const before = 'function f() {\n on(() => go(1));\n}\nfunction g() {\n on(() => go(1));\n}';
    const after =
      'function g() {\n on(() => { if (ok) go(1); else stop() });\n}\nfunction f() {\n on(() => go(1));\n}';
    expect(matched(before, after)).toEqual(['1→4', '2→5', '4→1', '5→2']);
  });

  test('a renamed function by its text, a removed one by none', () => {
    const before =
      'function old(path) { return fs.readFileSync(join(root, path)) }\nfunction gone(a, b, c) { while (a) b(c) }';
    const after = 'function renamed(path) { check(path); return fs.readFileSync(join(root, path)) }';
    expect(matched(before, after)).toEqual(['1→1', '2→-']);
  });

  test('property: no function is the counterpart of two, and a file matches itself', () => {
    const body = fc.constantFrom('return 1', 'return a + b', 'for (;;) go()', 'on(() => x)');
    const name = fc.constantFrom('a', 'b', 'c');
    const file = fc
      .array(fc.tuple(name, body), { maxLength: 8 })
      .map((parts) => parts.map(([id, text]) => `function ${id}() { ${text} }`).join('\n'));
    fc.assert(
      fc.property(file, file, (before, after) => {
        const targets = matchFunctions(matchables(before), matchables(after)).filter(
          (to) => to !== undefined,
        );
        expect(new Set(targets).size).toBe(targets.length);
        const own = matchables(before);
        matchFunctions(own, own).forEach((to, from) => {
          expect(own[to!]!.text).toBe(own[from]!.text);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('which files are looked into', () => {
  test.each([
    ['lib/parse.js', undefined],
    ['lib/testing/latest.js', undefined],
    ['test/parse.js', 'test'],
    ['src/__tests__/a.ts', 'test'],
    ['lib/parse.spec.ts', 'test'],
    ['test.js', 'test'],
    ['benchmark/run.js', 'test'],
    ['lib/contest.js', undefined],
    ['node_modules/a/index.js', 'vendored'],
    ['lib/vendor/jquery.js', 'vendored'],
    ['a.min.js', 'minified'],
  ])('%s: %s', (path, problem) => expect(pathProblem(path)).toBe(problem));

  test('built copies', () => {
    expect(['dist/a.js', 'lib/a.js', 'es/a.js', 'dist.js'].map(isBuiltPath)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test('minified by content, whatever the name; long tables and strings are not', () => {
    const minified = 'function a(b){var c=b||{};return c.d?c.e(function(f){return f+1}):null}'.repeat(20);
    expect(contentProblem(minified)).toBe('minified');
    expect(contentProblem(`// a licence\n${minified}\n`)).toBe('minified');
    const table = `module.exports = [${'1, 2, 3, '.repeat(200)}];\nfunction f(a) {\n  return a;\n}\n`;
    expect(contentProblem(table)).toBeUndefined();
    expect(
      contentProblem(`var s = "${'x'.repeat(5000)}";\nfunction f(a) {\n  return a;\n}\n`),
    ).toBeUndefined();
    expect(contentProblem(minified.replace(/([{;}])/g, '$1\n  '))).toBeUndefined();
  });

  test('generated by what it says at its head', () => {
    expect(contentProblem('// DO NOT EDIT: made by a tool\nfunction f() {}')).toBe('generated');
    expect(contentProblem('/* Jison generated parser */\nvar parser = {};')).toBe('generated');
    expect(contentProblem('// creates generated ids\nfunction f() {}')).toBeUndefined();
  });
});

describe('splits', () => {
  const fractions = { train: 0.7, valid: 0.15, test: 0.15 };
  const groups = Array.from({ length: 60 }, (_, i) => ({ name: `p${i}`, sizes: [1 + (i % 3), 2 + (i % 7)] }));
  const share = (sides: Map<string, string>, side: string, measure: number) => {
    const of = (list: typeof groups) => list.reduce((sum, group) => sum + group.sizes[measure]!, 0);
    return of(groups.filter(({ name }) => sides.get(name) === side)) / of(groups);
  };

  test('are balanced in every measure, depend on the seed, and not on the order of the groups', () => {
    const sides = splitByGroup(groups, fractions, 1);
    for (const split of SPLITS) {
      for (const measure of [0, 1]) expect(share(sides, split, measure)).toBeCloseTo(fractions[split], 1.3);
    }
    expect(splitByGroup([...groups].reverse(), fractions, 1)).toEqual(sides);
    expect(splitByGroup(groups, fractions, 2)).not.toEqual(sides);
  });

  test('a fraction of nothing gets nothing; one group goes to train', () => {
    const sides = splitByGroup(groups, { train: 0.5, valid: 0, test: 0.5 }, 1);
    expect(share(sides, 'valid', 1)).toBe(0);
    expect([...splitByGroup([groups[0]!], fractions, 1).values()]).toEqual(['train']);
  });
});

describe('the pool', () => {
  test('keeps the order, and to the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await runPool([5, 1, 3, 2, 4], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 30, 20, 40]);
    expect(most).toBe(2);
  });

  test('the first error is thrown and no further item is taken', async () => {
    const taken: number[] = [];
    const work = runPool([1, 2, 3, 4, 5, 6], 2, async (item) => {
      taken.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error('two');
    });
    await expect(work).rejects.toThrow('two');
    expect(taken.length).toBeLessThan(6);
  });
});
