import { describe, expect, test } from 'vitest';
import type { Language } from '../../../src/dataset/functions/languages.ts';
import { outlineSource } from '../../../src/scan/outline-source.ts';

const suppressedIn = (source: string, language: Language = 'javascript') =>
  outlineSource({ source, language })
    .functions.filter(({ suppression }) => suppression !== undefined)
    .map(({ name }) => name);

const problemsIn = (source: string) => outlineSource({ source, language: 'javascript' }).problems;

describe('where a suppression stands', () => {
  test.each<[string, string, readonly string[]]>([
    ['above', '// vultune-ignore: why\nfunction f() {}\nfunction g() {}', ['f']],
    ['above, with comments between', '// vultune-ignore: why\n\n/** doc\n * more */\nfunction f() {}', ['f']],
    ['in a block comment', '/* vultune-ignore: why */\nfunction f() {}', ['f']],
    ['in a doc comment', '/**\n * Does.\n * vultune-ignore: why\n */\nfunction f() {}', ['f']],
    ['above an assignment', '// vultune-ignore: why\nexport const f = async () => {};', ['f']],
    ['above a method', 'class A {\n  // vultune-ignore: why\n  static m() {}\n  n() {}\n}', ['A.m']],
    ['inside', 'function f() {\n  // vultune-ignore: why\n  return 1;\n}\nfunction g() {}', ['f']],
    ['on its first line', 'function f() { // vultune-ignore: why\n  return 1;\n}', ['f']],
    ['behind a one-line function', 'function f() {} // vultune-ignore: why\nfunction g() {}', ['f']],
    [
      'inside, above a call with a function: the outer one, and what is in it',
      'function f() {\n  // vultune-ignore: why\n  return list.map((x) => x);\n}',
      ['f', 'f.<anonymous>'],
    ],
    [
      'inside an inner function',
      'function f() {\n  function g() {\n    // vultune-ignore: why\n  }\n}',
      ['f.g'],
    ],
    ['not across other code', '// vultune-ignore: why\nlet a = 1;\nfunction f() {}', []],
    ['not in a string', "function f() { return '// vultune-ignore: why'; }", []],
    ['not as another word', '// vultune-ignored: why\nfunction f() {}', []],
  ])('%s', (_, source, expected) => {
    expect(suppressedIn(source)).toEqual(expected);
  });

  test.each<[Language, string, readonly string[]]>([
    ['python', '# vultune-ignore: why\n@cached\ndef f(a):\n    return a\n\ndef g():\n    pass\n', ['f']],
    ['python', 'def f(a):\n    # vultune-ignore: why\n    return a\n', ['f']],
    ['python', "def f(a):\n    return '# vultune-ignore: why'\n", []],
    ['python', 'def f(a):\n    return a // vultune - ignore\n', []],
    ['ruby', '# vultune-ignore: why\ndef f(a)\n  a\nend\n', ['f']],
    ['php', '<?php\n# vultune-ignore: why\nfunction f() { return 1; }\n', ['f']],
    ['php', '<?php\n// vultune-ignore: why\nfunction f() { return 1; }\n', ['f']],
    [
      'java',
      'class A {\n  // vultune-ignore: why\n  @Override\n  public int f() { return 1; }\n}\n',
      ['A.f'],
    ],
    ['c', '/* vultune-ignore: why */\nstatic int\nf(int a)\n{\n  return a;\n}\n', ['f']],
    ['go', 'package p\n\n// vultune-ignore: why\nfunc f() int { return 1 }\n', ['p.f']],
    ['rust', '// vultune-ignore: why\n#[inline]\npub fn f() -> i32 { 1 }\n', ['f']],
    ['csharp', 'class A {\n  [Test]\n  // vultune-ignore: why\n  int F() { return 1; }\n}\n', ['A.F']],
  ])('%s: %j', (language, source, expected) => {
    expect(suppressedIn(source, language)).toEqual(expected);
  });

  test('the reason and the line are kept', () => {
    const source = '\n\n/*  vultune-ignore :  the input  is ours  */\nfunction f() {}';
    expect(outlineSource({ source, language: 'javascript' }).functions[0]!.suppression).toEqual({
      reason: 'the input  is ours',
      line: 3,
    });
  });

  test('one without a reason, and one beside nothing, are problems', () => {
    expect(problemsIn('// vultune-ignore\nfunction f() {}')).toEqual([{ line: 1, kind: 'reason-missing' }]);
    expect(problemsIn('// vultune-ignore:  \nfunction f() {}')).toEqual([
      { line: 1, kind: 'reason-missing' },
    ]);
    expect(suppressedIn('// vultune-ignore\nfunction f() {}')).toEqual([]);
    expect(problemsIn('let a;\n// vultune-ignore: why\nlet b;')).toEqual([{ line: 2, kind: 'no-function' }]);
  });
});
