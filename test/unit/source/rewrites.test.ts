/** @file Rewrites keep what a function does: its tree but for the rewrite, in every language; and what it returns, where it can be run. */
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { LANGUAGES, type Language } from '../../../src/source/languages.ts';
import { localNames } from '../../../src/source/rewrites/local-names.ts';
import { parseAlone } from '../../../src/source/rewrites/parse-alone.ts';
import { rewriteFunction } from '../../../src/source/rewrites/rewrite-function.ts';
import { type Draw, REWRITE_KINDS, type RewriteKind } from '../../../src/source/rewrites/rewrite-kinds.ts';
import { REWRITE_SNIPPETS } from '../../support/rewrite-snippets.ts';

const LANGUAGE_NAMES = Object.keys(LANGUAGES) as Language[];
const drawOf =
  (seed: number): Draw =>
  (...what) =>
    randomStream(seed, ...what).uniform();

const rewrite = (code: string, language: Language, kinds: readonly RewriteKind[], seed = 1) =>
  rewriteFunction(code, language, kinds, drawOf(seed));

const names = (code: string, language: Language) =>
  localNames(parseAlone(code, language)!).map(({ name }) => name);

/** Kinds of nodes and texts of tokens, in the order of the text; line ends out. */
function treeOf(code: string, language: Language) {
  const nodes = parseAlone(code, language)!.nodes.filter(
    ({ start, end }) => code.slice(start, end).trim() !== '',
  );
  return {
    kinds: nodes.map(({ kind }) => kind),
    tokens: nodes.flatMap(({ isLeaf, start, end }) => (isLeaf ? [code.slice(start, end)] : [])),
  };
}

const count = <T>(all: readonly T[]) => {
  const counts = new Map<T, number>();
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
};

describe.each(LANGUAGE_NAMES)('rewriting %s', (language) => {
  const code = REWRITE_SNIPPETS[language];

  it('renames consistently and keeps the tree', () => {
    const made = rewrite(code, language, ['rename']);
    expect(made.code).toBeDefined();
    const [before, after] = [treeOf(code, language), treeOf(made.code!, language)];
    expect(after.kinds).toEqual(before.kinds);
    expect(after.tokens.length).toBe(before.tokens.length);
    // Every token that changed is a local name. The reverse need not hold: a field may have the same name.
    const renamed = new Map<string, string>();
    for (const [i, token] of before.tokens.entries()) {
      const now = after.tokens[i]!;
      if (now === token) continue;
      expect(names(code, language)).toContain(token);
      expect(renamed.get(token) ?? now).toBe(now);
      renamed.set(token, now);
    }
    expect(renamed.size).toBeGreaterThan(0);
    expect(new Set(renamed.values()).size).toBe(renamed.size);
    for (const name of renamed.values()) expect(before.tokens).not.toContain(name);
  });

  it('only adds and takes out comments', () => {
    const comments = new Set<string>(LANGUAGES[language].comments);
    const withoutComments = (text: string) => {
      const { nodes } = parseAlone(text, language)!;
      const inComment = (at: number): boolean =>
        at >= 0 && (comments.has(nodes[at]!.kind) || inComment(nodes[at]!.parent));
      return nodes.flatMap(({ isLeaf, start, end }, at) => {
        const token = text.slice(start, end).trim();
        return isLeaf && token !== '' && !inComment(at) ? [token] : [];
      });
    };
    const made = [1, 2, 3, 4].map((seed) => rewrite(code, language, ['comments'], seed).code ?? code);
    expect(made.some((text) => text !== code)).toBe(true);
    for (const text of made) expect(withoutComments(text)).toEqual(withoutComments(code));
  });

  it('adds dead code and leaves the rest', () => {
    const made = rewrite(code, language, ['dead_code']).code!;
    const lines = made.split('\n');
    let at = 0;
    for (const line of code.split('\n')) {
      const found = lines.indexOf(line, at);
      expect(found, `the line ${JSON.stringify(line)} is still there, in its place`).toBeGreaterThanOrEqual(
        at,
      );
      at = found + 1;
    }
    expect(lines.length).toBeGreaterThan(code.split('\n').length);
    expect(parseAlone(made, language)).toBeDefined();
  });

  it('parses after any rewrite of any seed, and is the same for the same seed', () => {
    const seeds = fc.record({
      seed: fc.integer({ min: 0, max: 1e6 }),
      kinds: fc.subarray([...REWRITE_KINDS], { minLength: 1 }),
    });
    fc.assert(
      fc.property(seeds, ({ seed, kinds }) => {
        const made = rewrite(code, language, kinds, seed);
        expect(rewrite(code, language, kinds, seed)).toEqual(made);
        if (made.code === undefined) return;
        expect(parseAlone(made.code, language)).toBeDefined();
        const [before, after] = [treeOf(code, language), treeOf(made.code, language)];
        // Nothing but comments goes away.
        const kindsAfter = count(after.kinds);
        for (const [kind, many] of count(before.kinds)) {
          if (kind.includes('comment') || kind === '//') continue;
          expect(kindsAfter.get(kind) ?? 0).toBeGreaterThanOrEqual(many);
        }
      }),
      { numRuns: 6 },
    );
  });
});

it.each<[Language, string, string]>([
  ['javascript', "  let count = 0;\n  const label = 'x';", "  const label = 'x';\n  let count = 0;"],
  [
    'java',
    '        int count = 0;\n        String label = "x";',
    '        String label = "x";\n        int count = 0;',
  ],
  ['python', '    count = 0\n    label = "x"', '    label = "x"\n    count = 0'],
  ['c', '\tint count = 0;\n\tconst char *label = "x";', '\tconst char *label = "x";\n\tint count = 0;'],
])('lets neighbouring declarations of %s change places', (language, before, after) => {
  const code = REWRITE_SNIPPETS[language];
  const made = [1, 2, 3, 4].map((seed) => rewrite(code, language, ['reorder'], seed).code ?? code);
  expect(new Set(made)).toEqual(new Set([code, code.replace(before, after)]));
});

it.each<[string, Language, string, string[]]>([
  ['a field and a parameter of one name', 'java', 'void set(int size) {\n  this.size = size;\n}', ['size']],
  ['a word of a string', 'java', 'void set(int size, int more) {\n  log("size", more);\n}', ['more']],
  [
    'an annotated parameter',
    'java',
    'void get(@Param int size, int more) {\n  go(size + more);\n}',
    ['more'],
  ],
  [
    'what an inherited field may hide',
    'java',
    'void go(int a, int b) {\n  run(new Task() { void run() { use(a); } });\n  use(b);\n}',
    ['b'],
  ],
  ['eval', 'javascript', "function go(a) {\n  return eval('x') + a;\n}", []],
  ['a short form of a property', 'javascript', 'function go(a, b) {\n  return { a, c: b };\n}', ['b']],
  [
    'a global read beside a local of one name',
    'javascript',
    'function go() {\n  { let a = 1; use(a); }\n  return a;\n}',
    [],
  ],
  [
    'var, which is of the function',
    'javascript',
    'function go() {\n  { var a = 1; use(a); }\n  return a;\n}',
    ['a'],
  ],
  ['a parameter that callers name', 'python', 'def go(a):\n    b = a\n    return b', ['b']],
  ['global', 'python', 'def go():\n    global a\n    a = 1\n    b = 2\n    return b', ['b']],
  ['locals()', 'python', "def go():\n    a = 1\n    return '%(x)s' % locals()", []],
  ['an f-string that prints a name', 'python', "def go():\n    value = 1\n    return f'{value=}'", []],
  ['a keyword argument', 'python', 'def go():\n    a = 1\n    return f(a=a)', ['a']],
  ['compact', 'php', 'function go() {\n  $a = 1;\n  return compact("b");\n}', []],
  ['a macro that may see names', 'c', 'int go(int a)\n{\n\tCHECK(a);\n\treturn a;\n}', []],
  [
    'an operand that reads as a type',
    'c',
    'int go(int b)\n{\n\tint a = 0;\n\treturn sizeof(b) + a;\n}',
    ['a', 'b'],
  ],
  [
    'the parameter of a pointer to a function',
    'c',
    'int go(int b)\n{\n\tint (*f)(int a);\n\treturn f(a) + b;\n}',
    ['b'],
  ],
  ['a package that a variable hides', 'go', 'func run() int {\n\ta := a\n\treturn a\n}', []],
  ['the key of a literal', 'go', 'func run(a, b int) T {\n\treturn T{a: b}\n}', ['b']],
  ['nameof', 'csharp', 'int Go()\n{\n    int a = 1;\n    return Use(nameof(Go), a);\n}', []],
  [
    'a tuple, which takes names',
    'csharp',
    'int Go()\n{\n    int a = 1;\n    int b = 2;\n    return Use((a, 1), b);\n}',
    ['b'],
  ],
  [
    'a method of the same name before it is a variable',
    'ruby',
    'def go(b)\n  use(a)\n  a = b\n  a\nend',
    ['b'],
  ],
  ['an instance variable', 'ruby', 'def go(b)\n  @b = b\nend', ['b']],
  ['a macro', 'rust', 'fn go(a: i32, b: i32) -> i32 {\n    log!("{}", a);\n    b\n}', ['b']],
  ['a short form of a field', 'rust', 'fn go(a: i32, b: i32) -> P {\n    P { a, c: b }\n}', ['b']],
  [
    'a call that may be of a function',
    'kotlin',
    'fun go(): Int {\n    val a = 1\n    val b = 2\n    return a(b)\n}',
    ['b'],
  ],
  ['a named argument', 'scala', 'def go(): Int = {\n  val a = 1\n  val b = 2\n  use(a = b)\n}', ['b']],
])('renames what it can be sure of: %s', (_, language, code, expected) => {
  expect(parseAlone(code, language)).toBeDefined();
  expect(
    names(code, language)
      .filter((name) => name !== 'f')
      .sort(),
  ).toEqual(expected);
});

it('does what it did', () => {
  const code = `function total(prices, rate = 1, { most, other: least }) {
  void 0;
  let count = 0;
  let least2 = 3;
  // each price
  for (const price of prices) {
    if (price < least) continue;
    count += price * rate;
    for (var step = 0; step < 2; step++) count -= step;
  }
  const found = prices.map((price, index) => price * index + count);
  try {
    null.x;
  } catch (error) {
    found.push(error instanceof TypeError, least2, step);
  }
  const self = { most, count };
  return [count, found, self, arguments.length];
}`;
  const run = (text: string): unknown =>
    JSON.stringify(runInNewContext(`(${text})([1, 5, 8], 2, { most: 9, other: 2 })`, {}, { timeout: 1000 }));
  const expected = run(code);
  const texts = new Set<string>();
  for (let seed = 0; seed < 25; seed++) {
    const made = rewrite(code, 'javascript', REWRITE_KINDS, seed).code!;
    texts.add(made);
    expect(run(made)).toBe(expected);
  }
  expect(texts.size).toBeGreaterThan(20);
});

it.each<[string, Language, string, string]>([
  ['does not parse', 'java', 'int f( {', 'parse'],
  ['is not a function', 'java', 'int x = 0;', 'parse'],
  ['has lines of a preprocessor', 'c', 'int f(int a)\n{\n#ifdef X\n\ta++;\n#endif\n\treturn a;\n}', 'mixed'],
  ['has nothing to change', 'java', 'int f() { return 1; }', 'nothing'],
  ['is too long', 'java', `int f() { ${'g(); '.repeat(30_000)} }`, 'length'],
])('leaves a function that %s', (_, language, code, reason) => {
  expect(rewrite(code, language, REWRITE_KINDS)).toEqual({ code: undefined, reason });
});

it('keeps comments that programs read, docstrings and the first statement', () => {
  const code = "def f(b):\n    '''Doc.'''\n    # type: ignore\n    a = b\n    return a";
  for (let seed = 0; seed < 10; seed++) {
    const made = rewrite(code, 'python', ['comments', 'dead_code'], seed);
    const text = made.code ?? code;
    expect(text.startsWith("def f(b):\n    '''Doc.'''\n")).toBe(true);
    expect(text).toContain('# type: ignore');
  }
});
