import { describe, expect, test } from 'vitest';
import { outlineSource } from '../../../src/scan/outline-source.ts';
import type { Language } from '../../../src/source/languages.ts';

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

describe('only comments suppress', () => {
  test.each<[Language, string]>([
    ['javascript', 'function f() { return `\n  // vultune-ignore: why\n`; }'],
    ['javascript', 'function f() { return /\\/\\/ vultune-ignore: why/; }'],
    ['javascript', 'function f() { return "\\\n// vultune-ignore: why"; }'],
    ['tsx', 'function f() { return <p>\n// vultune-ignore: why\n</p>; }'],
    ['python', 'def f(a):\n    "\n    # vultune-ignore: why\n    "\n    return a\n'.replaceAll('"', '"""')],
    ['python', 'def f(a):\n    return rf"\n# vultune-ignore: why\n"\n'.replaceAll('"', "'''")],
    ['ruby', 'def f(a)\n  <<~T\n    # vultune-ignore: why\n  T\nend\n'],
    ['ruby', 'def f(a)\n  %w[\n  # vultune-ignore: why\n  ]\nend\n'],
    ['php', '<?php\nfunction f() { return <<<T\n// vultune-ignore: why\nT;\n}\n'],
    ['php', '<!-- // vultune-ignore: why -->\n// vultune-ignore: why\n<?php function f() { return 1; }\n'],
    ['java', 'class A { String f() { return "\n// vultune-ignore: why\n"; } }'.replaceAll('"', '"""')],
    ['kotlin', 'fun f() = "\n// vultune-ignore: why\n"\n'.replaceAll('"', '"""')],
    ['scala', 'object A { def f = "\n// vultune-ignore: why\n" }\n'.replaceAll('"', '"""')],
    ['go', 'package p\nfunc f() string { return `\n// vultune-ignore: why\n` }\n'],
    ['rust', 'fn f() -> &str { r#"\n// vultune-ignore: why\n"# }\n'],
    ['csharp', 'class A { string F() { return @"\n// vultune-ignore: why\n"; } }'],
    ['cpp', 'const char *f() { return R"(\n// vultune-ignore: why\n)"; }\n'],
    ['c', 'const char *f(void) { return "\\\n// vultune-ignore: why"; }\n'],
  ])('%s: no text of a literal or a page does: %j', (language, source) => {
    expect(outlineSource({ source, language }).functions).toHaveLength(1);
    expect(suppressedIn(source, language)).toEqual([]);
  });

  test.each<[Language, string]>([
    [
      'javascript',
      "function f(q) {\n  const m = 'x' + \"it's\"; return eval(q + m); // vultune-ignore: why\n}",
    ],
    ['javascript', "function f(q) {\n  /* don't */ return eval(q); // vultune-ignore: why\n}"],
    ['javascript', "function f(q) {\n  return eval(q + /'/.source); // vultune-ignore: why\n}"],
    ['javascript', `function f(q) {\n  return \`\${q /* vultune-ignore: why */}\`;\n}`],
    ['javascript', 'function f(q) {\n  <!-- vultune-ignore: why\n  return eval(q);\n}'],
    ['tsx', 'function f() {\n  return <p>{/* vultune-ignore: why */}</p>;\n}'],
    ['python', 'def f(q):\n    return eval(q + "\'")  # vultune-ignore: why\n'],
    ['python', "def f(q):\n    return eval(q + '\"')  #vultune-ignore: why\n"],
    ['ruby', 'def f(q)\n  eval(q + "\'") # vultune-ignore: why\nend\n'],
    ['ruby', '=begin\nvultune-ignore: why\n=end\ndef f(q)\n  q\nend\n'],
    ['php', '<p>it\'s</p><?php\nfunction f($q) { return "\'" . $q; } # vultune-ignore: why\n'],
    ['php', '<?php\nfunction f($q) {\n  return "\'" . $q; // vultune-ignore: why ?><p>\n<?php }\n'],
    ['java', "class A { char f() {\n  return '\\''; /* vultune-ignore: why */ } }"],
    ['rust', "fn f<'a>(q: &'a str) -> &'a str {\n  q // vultune-ignore: why\n}\n"],
    ['kotlin', "fun f(): Char {\n  /* a /* b */ vultune */ return '\"' // vultune-ignore: why\n}\n"],
    ['scala', "object A {\n  def f = {\n    '\"' // vultune-ignore: why\n  }\n}\n"],
    ['go', "package p\nfunc f() rune {\n  return '\"' // vultune-ignore: why\n}\n"],
    ['csharp', "class A { char F() {\n  return '\"'; // vultune-ignore: why\n} }"],
    ['c', "char f(void) {\n  return '\"'; // vultune-ignore: why\n}\n"],
    ['cpp', "int f() {\n  return 1'000; // vultune-ignore: why\n}\n"],
  ])('%s: every comment does: %j', (language, source) => {
    expect(suppressedIn(source, language)).toHaveLength(1);
  });

  test('a comment before code on its line speaks of the function that begins there', () => {
    expect(suppressedIn('/* vultune-ignore: why */ function f() {}\nfunction g() {}')).toEqual(['f']);
  });

  test('a comment above the call that takes a handler speaks of the handler', () => {
    const source = "<?php\n// vultune-ignore: why\nRoute::get('/u', function ($r) { return q($r); });\n";
    expect(suppressedIn(source, 'php')).toEqual(["Route::get('/u')"]);
    expect(suppressedIn('// vultune-ignore: why\nlet a = 1; function f() {}')).toEqual([]);
  });

  test('nothing is suppressed in a source that the parser refused', () => {
    const outline = outlineSource({
      source: `// vultune-ignore: why\n${'('.repeat(5000)}`,
      language: 'javascript',
    });
    expect([outline.functions, outline.problems]).toEqual([[], []]);
    expect(outline.refused).toMatch(/brackets/);
  });

  test('line numbers stay right with many comments', () => {
    const source = `${'// a\n'.repeat(10)}// vultune-ignore\n/*\n\n vultune-ignore */\nfunction f() {}`;
    expect(problemsIn(source).map(({ line }) => line)).toEqual([11, 14]);
  });
});
