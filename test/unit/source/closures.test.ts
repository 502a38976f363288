/** @file Closures at the top level: in which languages they are functions, what they are called, which stay part of others. */
import { describe, expect, test } from 'vitest';
import type { Language } from '../../../src/source/languages.ts';
import { parseSource } from '../../../src/source/parse-source.ts';
import { normaliseBody } from '../../support/normalise-body.ts';

const namesIn = (language: Language, source: string) =>
  parseSource(source, language).functions.map(({ qualifiedName }) => qualifiedName);

const HANDLERS: readonly (readonly [Language, string, readonly string[]])[] = [
  ['go', 'package m\nvar _ = http.HandleFunc("/", func(w W) { run(w) })\n', ['m.http.HandleFunc("/")']],
  ['go', 'package m\nvar t = map[string]F{"a": func(x int) { run(x) }, "b": func() {}}\n', ['m."a"']],
  ['php', "<?php Route::get('/u', function ($r) { return q($r); })->name('u');", ["Route::get('/u')"]],
  ['php', "<?php\n$app->post('/r',\n  static fn($q) => sh($q));", ["$app->post('/r')"]],
  ['php', "<?php return ['view' => function ($x) { return q($x); }];", ["'view'"]],
  ['csharp', 'app.MapGet("/f", (string n) => { return Read(n); });', ['app.MapGet("/f")']],
  ['csharp', 'app.Use(async (c, next) => await next(c));', ['app.Use']],
  ['csharp', 'app.Run(delegate(int x) { f(x); });', ['app.Run']],
  ['csharp', 'class K { static F f = Make(() => g(1)); }', ['K.Make']],
  ['ruby', "get '/ping' do\n  `ping #{x}`\nend\n", ["get '/ping'"]],
  [
    'ruby',
    'class A\n  scope :new, -> { where(x) }\n  on(:save) { |x| run x }\nend\n',
    ['A::scope :new', 'A::on(:save)'],
  ],
  ['ruby', 'on :a, lambda { |x| run x }\nh = { b: proc { |x| run x } }\n', ['on :a', 'b']],
  ['kotlin', 'val app = server { call.run(x) }\n', ['server']],
  [
    'kotlin',
    'handle("/a", fun(x: Int): Int { return g(x) })\nhandle("/b", { f(1) })\n',
    ['handle("/a")', 'handle("/b")'],
  ],
  ['kotlin', 'class A { val x by lazy { make(1) } }', ['A.lazy']],
  ['python', 'h = register(lambda ev: os.system(ev))\nd = {"run": lambda x: f(x)}\n', ['register', '"run"']],
  ['python', 'task("a", callback=lambda x: f(x))\n', ['callback']],
  [
    'rust',
    'static X: L = Lazy::new(|| { f(1) });\nconst T: &[F] = &[|x| g(x)];\n',
    ['Lazy::new', '<anonymous>'],
  ],
  ['rust', 'static X: L = on("a", Box::new(move |x| g(x)));\n', ['on("a")']],
  [
    'scala',
    'class A {\n  get("/x") { f(2) }\n  val a = Action { r => ok(r) }\n}\n',
    ['A.get("/x")', 'A.Action'],
  ],
  [
    'scala',
    'object A {\n  val r: Receive = { case M(x) => f(x) }\n  xs.foreach(x => f(x))\n}\n',
    ['A.r', 'A.xs.foreach'],
  ],
  [
    'java',
    'class A { static F f = reg("a", x -> g(x)); static { on(y -> { g(y); }); } }',
    ['A.reg("a")', 'A.on'],
  ],
  ['cpp', 'static auto x = reg("a", [](int a) { return f(a); });\n', ['reg("a")']],
  ['javascript', "app.get('/x', (req, res) => { res.send(req); });", ['<anonymous>']],
];

describe('a closure with no function around it', () => {
  test.each(HANDLERS)('%s: %j is a function', (language, source, names) => {
    expect(namesIn(language, source)).toEqual(names);
  });

  test.each<[Language, string]>([
    ['go', 'package m\nfunc f() { run("a", func(x int) { g(x) }) }\n'],
    ['php', "<?php function f() { run('a', function ($x) { g($x); }); }"],
    ['csharp', 'class K { void f() { Run("a", x => { g(x); }); } }'],
    ['ruby', "def f\n  run('a') { |x| g(x) }\nend\n"],
    ['kotlin', 'fun f() { run("a") { g(it) } }\n'],
    ['python', 'def f():\n    run("a", lambda x: g(x))\n'],
    ['rust', 'fn f() { run("a", |x| g(x)); }\n'],
    ['scala', 'object A { def f = { run("a") { g(1) } } }\n'],
    ['java', 'class A { void f() { run("a", x -> g(x)); } }'],
    ['cpp', 'void f() { run("a", [](int x) { return g(x); }); }\n'],
  ])('%s: one inside a named function stays a part of it', (language, source) => {
    expect(namesIn(language, source).map((name) => name.split(/\W+/).at(-1))).toEqual(['f']);
  });

  test.each<[Language, string]>([
    ['python', 'xs = sorted(xs, key=lambda p: p[0])\n'],
    ['kotlin', 'val ids = xs.map { it.id }\nval all = xs.map { x -> x.id }\n'],
    ['ruby', 'ids = xs.map { |x| x.id }\n'],
    ['rust', 'static X: L = Lazy::new(|| 0);\n'],
    ['csharp', 'class K { F f = By(x => x.Id); }'],
    ['scala', 'object A { xs.map(x => x.id) }\n'],
    ['go', 'package m\nvar _ = on(func() {})\n'],
  ])('%s: one that only names a value is not a function', (language, source) => {
    expect(namesIn(language, source)).toEqual([]);
  });
});

describe('a closure in a closure', () => {
  test('is a function where it is registered under a literal, and a part of the outer one elsewhere', () => {
    const ktor = 'val r = routing {\n  get("/x") { items.forEach { run(it) } }\n  post("/y") { run(1) }\n}\n';
    expect(namesIn('kotlin', ktor)).toEqual(['routing', 'get("/x")', 'post("/y")']);
    const laravel =
      "<?php Route::group($o, function () { Route::get('/a', fn($r) => run(map(fn($x) => run($x)))); });";
    expect(namesIn('php', laravel)).toEqual(['Route::group($o)', "Route::get('/a')"]);
  });

  test('does not change what named functions in it are called', () => {
    const source = 'module A\n  included do\n    def m(a) = run(a)\n  end\n  def n(a) = run(a)\nend\n';
    const functions = parseSource(source, 'ruby').functions.map(({ qualifiedName, kind, parent }) => [
      qualifiedName,
      kind,
      parent,
    ]);
    expect(functions).toEqual([
      ['A::included', 'arrow', undefined],
      ['A::m', 'method', 0],
      ['A::n', 'method', undefined],
    ]);
  });
});

test.each<[Language, string]>([
  ['go', 'func(x int) { /* why */ run(x) }'],
  ['php', 'function ($x) { /* why */ run($x); }'],
  ['csharp', '(x) => { /* why */ run(x); }'],
  ['ruby', 'do |x|\n  # why\n  run x\nend'],
  ['kotlin', '{ /* why */ run(it) }'],
  ['rust', '|x| { /* why */ run(x) }'],
  ['scala', '{ /* why */ run(1) }'],
])('%s: the text of a closure alone is compared without its comments', (language, code) => {
  expect(normaliseBody(code, language)).not.toContain('why');
});
