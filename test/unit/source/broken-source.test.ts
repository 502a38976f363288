/** @file Source that is broken, hostile or cut out of its file: what is still found, what is refused, how it compares. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LANGUAGES, type Language, languageOfPath } from '../../../src/source/languages.ts';
import { parseSource } from '../../../src/source/parse-source.ts';
import { MAX_OPEN_BRACKETS, MAX_SOURCE_CHARACTERS } from '../../../src/source/syntax-tree.ts';
import { normaliseBody } from '../../support/normalise-body.ts';

const names = (source: string, language: Language) =>
  parseSource(source, language).functions.map(
    (entry) => `${entry.qualifiedName}${entry.parses ? '' : ' broken'}`,
  );

const BROKEN: readonly (readonly [Language, string, readonly string[]])[] = [
  [
    'java',
    'class K { int a() { return 1; } int b() { int = ; } int c() { return 3; } }',
    ['K.a', 'K.b broken', 'K.c'],
  ],
  [
    'c',
    'int a(void) { return 1; }\nint b(void) { int = ; }\nint c(void) { return 3; }',
    ['a', 'b broken', 'c'],
  ],
  ['c', 'EXPORT int PASCAL a(void) { return 1; }\nint c(void) { return 3; }', ['a', 'c']],
  ['cpp', 'void A::a() { x(); }\nvoid A::b() { int = ; }\nvoid A::c() { }', ['A::a', 'A::b broken', 'A::c']],
  [
    'python',
    'def a():\n    return 1\ndef b():\n    x = = 1\ndef c():\n    return 3\n',
    ['a', 'b broken', 'c'],
  ],
  ['go', 'package p\nfunc a() { }\nfunc b() { x := = 1 }\nfunc c() { }', ['p.a', 'p.b broken', 'p.c']],
  ['php', '<?php function a() { }\nfunction b() { $x = = 1; }\nfunction c() { }', ['a', 'b broken', 'c']],
  ['rust', 'fn a() { }\nfn b() { let = ; }\nfn c() { }', ['a', 'b broken', 'c']],
];

describe('broken code', () => {
  test.each(BROKEN)('%s keeps the others', (language, source, expected) => {
    expect(names(source, language)).toEqual(expected);
  });

  test.each(Object.keys(LANGUAGES) as Language[])(
    '%s: any text gives functions that are stretches of it',
    (language) => {
      const pieces = [
        'def f(a)',
        '{',
        '}',
        '(',
        ')',
        '\n',
        ' ',
        'int ',
        'class K ',
        'f',
        ';',
        ':',
        '"',
        '\u0000',
        '\ud800',
        '\u{1f600}',
        '=> ',
        '<?php ',
      ];
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
          const source = parts.join('');
          for (const entry of parseSource(source, language).functions) {
            expect(entry.code).toBe(source.slice(entry.start, entry.end));
            expect(entry.bodyEnd).toBeLessThanOrEqual(entry.end);
          }
        }),
        { numRuns: 40 },
      );
    },
  );
});

describe('bounds', () => {
  test.each([
    ['one huge line', 'a'.repeat(MAX_SOURCE_CHARACTERS + 1), /longer than/],
    ['brackets', '('.repeat(MAX_OPEN_BRACKETS + 1), /brackets/],
    ['punctuation', '<'.repeat(100_000), /punctuation/],
    ['binary', '\u0000'.repeat(1000), /binary/],
  ])('%s is refused with a reason', (_, source, reason) => {
    const parsed = parseSource(source, 'scala');
    expect(parsed.refused).toMatch(reason);
    expect(parsed.functions).toEqual([]);
  });

  test.each<[Language, string, RegExp]>([
    ['javascript', `x = ${'a => '.repeat(700)}1;`, /functions and classes inside one another/],
    ['ruby', `${'def a;'.repeat(700)}x${';end'.repeat(700)}`, /functions and classes inside one another/],
    ['javascript', `x = ${'(y => f(y)) || '.repeat(5000)}1;`, /nested deeper/],
    ['python', `x = ${'f(lambda: g(1)) + '.repeat(5000)}1\n`, /nested deeper/],
    ['go', `package p\nvar x = ${'f(func() { g(1) }) + '.repeat(5000)}1\n`, /nested deeper/],
    [
      'javascript',
      `x = ${'a => '.repeat(150)}[${'"text",'.repeat(60_000)}];`,
      /hold its text too many times over/,
    ],
  ])('%s: what would take the square of its size is refused with a reason', (language, source, reason) => {
    expect(parseSource(source, language).refused).toMatch(reason);
  });

  test.each<[Language, string]>([
    ['java', 'class K { void f(int a'],
    ['go', 'package p; func (t '],
    ['kotlin', 'fun f(a'],
    ['ruby', 'def f(a'],
    ['csharp', 'class K { static K operator '],
    ['c', 'int f(int a'],
  ])('%s: a head with 200,000 blanks in it takes no more than its share', (language, head) => {
    const blanks = ' '.repeat(200_000);
    expect(parseSource(`${head}${blanks}) { g(1); }`, language).refused).toBeUndefined();
    expect(parseSource(`${head}${blanks}b${blanks}) { g(1); }`, language).refused).toBeUndefined();
  });

  test('what is nested, but closed, is not', () => {
    const depth = MAX_OPEN_BRACKETS - 10;
    const source = `class K { int a() { ${'{'.repeat(depth)}${'}'.repeat(depth)} return 1; } }`;
    expect(names(source, 'java')).toEqual(['K.a']);
  });
});

const ALONE: readonly (readonly [Language, string, string])[] = [
  [
    'java',
    '@Override\n  public int m(int a) { /* x */ return a; }',
    '@Override public int m(int a){return a;} // y',
  ],
  ['java', 'K(int a) { this.a = a; }', 'K(int a)\n{ this.a=a; }'],
  ['c', 'static int\nf(int a) { return a; /* x */ }', 'static int f(int a) {\n return a; }'],
  ['c', 'f(const char *a)\n{ return 1; // x\n}', 'f(const char *a) { return 1; }'],
  ['cpp', 'int A::f() const { return 1; // x\n}', 'int A::f() const { return 1; }'],
  ['python', 'def m(self):\n        # x\n        return "a"', "def m(self):\n        return 'a'"],
  ['go', 'func (t *T) M() { /* x */ }', 'func (t *T) M() { }'],
  ['php', 'public function m($a) { return 1; # x\n}', 'public function m($a) { return 1; }'],
  [
    'csharp',
    'public int M(int a) { return a; // x\n}',
    'public int M(int a) => a;'.replace('=> a;', '{ return a; }'),
  ],
  ['ruby', 'def m(a)\n  # x\n  a\nend', 'def m(a)\n  a\nend'],
  ['rust', 'pub fn m(&self) -> i32 { /* x */ 1 }', 'pub fn m(&self) -> i32 { 1 }'],
  ['kotlin', 'override fun m(a: Int): Int { return a // x\n}', 'override fun m(a: Int): Int { return a }'],
  ['scala', 'override def m(a: Int): Int = { a /* x */ }', 'override def m(a: Int): Int = { a }'],
];

describe('a function alone', () => {
  test.each(ALONE)('%s: comments and white space do not count', (language, one, other) => {
    expect(normaliseBody(one, language)).toBe(normaliseBody(other, language));
    expect(normaliseBody(one, language)).not.toContain('x');
  });

  test('in Python indentation counts', () => {
    const inside = normaliseBody('def f(a):\n    if a:\n        g()\n        h()', 'python');
    const after = normaliseBody('def f(a):\n    if a:\n        g()\n    h()', 'python');
    const wide = normaliseBody('def f(a):\n  if a:\n      g()\n      h()', 'python');
    expect(inside).not.toBe(after);
    expect(inside).toBe(wide);
  });

  test('strings are compared as they are where quotes mean something', () => {
    expect(normaliseBody("def m = 'a  b'", 'ruby')).not.toBe(normaliseBody("def m = 'a b'", 'ruby'));
    expect(normaliseBody("char f() { return 'a'; }", 'c')).not.toBe(
      normaliseBody('char f() { return "a"; }', 'c'),
    );
  });
});

test('the language of a header is told by its text', () => {
  expect(languageOfPath('a/b.h')).toBe('c');
  expect(languageOfPath('b.h', 'struct a { int b; };\n// class of its own\nint class_of(int a);')).toBe('c');
  expect(languageOfPath('b.h', '#ifdef __cplusplus\nextern "C" {\nnamespace a {\n#endif\nint f(void);')).toBe(
    'c',
  );
  expect(languageOfPath('b.h', 'namespace a { class B; }')).toBe('cpp');
  expect(languageOfPath('b.h', '#include <vector>\nint f();')).toBe('cpp');
  expect(
    ['A.java', 'b.cc', 'c.kt', 'd.phtml', 'e.cs', 'f.rs', 'g.scala', 'h.rb', 'i.go'].map((path) =>
      languageOfPath(path),
    ),
  ).toEqual(['java', 'cpp', 'kotlin', 'php', 'csharp', 'rust', 'scala', 'ruby', 'go']);
});
