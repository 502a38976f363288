/**
 * @file One source a language with every construct that makes or names a function: what is found, with kind, lines,
 * names and signatures, as a table.
 */
import { describe, expect, test } from 'vitest';
import type { Language } from '../../../src/source/languages.ts';
import { parseSource } from '../../../src/source/parse-source.ts';

interface LanguageCase {
  readonly language: Language;
  readonly source: string;
  /** `kind name(signature) @first-last`, in order. */
  readonly found: readonly string[];
}

const CASES: readonly LanguageCase[] = [
  {
    language: 'java',
    source: `package a.b;
class K<T> extends B {
  K(int x) { super(x); }
  @Override
  public <U> int m(final int a, String[] b, Map<String, T> c, int... d) throws E { return 1; }
  int m(List<? super T> a) { return 2; }
  abstract int none(int a);
  Runnable r = () -> { m(null); };
  int q(K<T> this, int a[]) {
    Foo f = new Foo(a -> a) { void in() { } };
    g = (x) -> x;
    int plain = 1;
    return 0;
  }
  enum E { A { void v() { } }; static E of() { return A; } }
  record R(int a) { R { check(a); } R(String s) { this(1); } }
}
interface I { default void m() { } void none(); static int s() { return 1; } }
`,
    found: [
      'constructor a.b.K.K(int) @3-3',
      'method a.b.K.m(int, String[], Map<String, T>, int...) @4-5',
      'method a.b.K.m(List<?super T>) @6-6',
      'arrow a.b.K.r() @8-8',
      'method a.b.K.q(int[]) @9-14',
      'method a.b.K.q.<Foo>.in() @10-10',
      'arrow a.b.K.q.g(x) @11-11',
      'method a.b.K.E.A.v() @15-15',
      'method a.b.K.E.of() @15-15',
      'constructor a.b.K.R.R() @16-16',
      'constructor a.b.K.R.R(String) @16-16',
      'method a.b.I.m() @18-18',
      'method a.b.I.s() @18-18',
    ],
  },
  {
    language: 'c',
    source: `#include <stdio.h>
#ifdef WIN
unsigned win(void) { return 1; }
#else
static inline char *dup(const char *s, int n[3], ...) { return 0; }
#endif
int main(argc, argv) int argc; char **argv; { return 0; }
MACRO_API(int) wrapped(struct foo *a, unsigned long b) { return a; }
int (*chooser(int a))(int) { return 0; }
int declared(int a);
struct ops { int (*open)(int); } o = { .open = chooser };
`,
    found: [
      'function win() @3-3',
      'function dup(const char*, int[3], ...) @5-5',
      'function main(argc, argv) @7-7',
      'function wrapped(struct foo*, unsigned long) @8-8',
      'function chooser(int) @9-9',
    ],
  },
  {
    language: 'cpp',
    source: `namespace a::b {
template <typename T>
T max(T a, const T& b = T()) { return a; }
class K : public B {
 public:
  K(int x) : B(x) { }
  ~K() { }
  K(const K&) = delete;
  virtual int m() const { auto f = [](int x) { return x; }; return f(1); }
  int m() { return 1; }
  bool operator==(const K& o) const { return true; }
  operator bool() const { return true; }
  template <class U> void t(U* u, int (*cb)(int)) { }
};
}
Foo::Foo(int x) : y(x) { }
Foo::~Foo() { }
int *Foo::get(const char *p) { return 0; }
template <> void Foo<int>::bar(std::vector<int>&& v) { }
Foo::operator int() const { return 1; }
std::ostream& operator<<(std::ostream& out, const K& k) { return out; }
extern "C" { int ext(void) { return 1; } }
auto g() -> int try { return 1; } catch (...) { return 2; }
`,
    found: [
      'function a::b::max(T, const T&) @2-3',
      'constructor a::b::K::K(int) @6-6',
      'method a::b::K::~K() @7-7',
      'method a::b::K::m() const @9-9',
      'arrow a::b::K::m::f(int) @9-9',
      'method a::b::K::m() @10-10',
      'method a::b::K::operator==(const K&) const @11-11',
      'method a::b::K::operator bool() const @12-12',
      'method a::b::K::t(U*, int(*)(int)) @13-13',
      'constructor Foo::Foo(int) @16-16',
      'method Foo::~Foo() @17-17',
      'method Foo::get(const char*) @18-18',
      'method Foo<int>::bar(std::vector<int>&&) @19-19',
      'method Foo::operator int() const @20-20',
      'function operator<<(std::ostream&, const K&) @21-21',
      'function ext() @22-22',
      'function g() @23-23',
    ],
  },
  {
    language: 'python',
    source: `import os
@app.route("/x")
@login
async def view(a, b: int = 1, *args, key: "str" = None, **rest) -> int:
    def inner(): pass
    handler = lambda x: x
    return map(lambda y: y, a)
class K(B):
    def __init__(self): self.a = 1
    @property
    def p(self):
        return 1
    class Inner:
        def m(self, x): return x
`,
    found: [
      'function view(a, int, *args, "str", **rest) @2-7',
      'function view.inner() @5-5',
      'arrow view.handler(x) @6-6',
      'constructor K.__init__(self) @9-9',
      'method K.p(self) @10-12',
      'method K.Inner.m(self, x) @14-14',
    ],
  },
  {
    language: 'go',
    source: `package main
func f(a, b int, c ...string) (int, error) { return 1, nil }
func (t *Tree[K]) Add(k K) { less := func(x, y int) bool { return x < y }; sort(func() {}) }
func (Tree) Name() string { return "" }
var hook = func() {}
var table = map[string]F{ "a": func() {} }
var o = O{Run: func(x int) { }}
func G[K any](k K, m map[string]int) {}
type I interface { None(int) }
`,
    found: [
      'function main.f(int, int, ...string) @2-2',
      'method main.Tree.Add(K) @3-3',
      'arrow main.Tree.Add.less(int, int) @3-3',
      'method main.Tree.Name() @4-4',
      'arrow main.hook() @5-5',
      'arrow main.Run(int) @7-7',
      'function main.G(K, map[string]int) @8-8',
    ],
  },
  {
    language: 'php',
    source: `<html><body><?php
namespace App\\Http;
abstract class K extends B {
  public function __construct(private int $x = 1) { }
  #[Route('/')]
  public static function m(int $a, ?array $b = null, ...$rest): int { return 1; }
  abstract function none();
}
interface I { function none(); }
trait T { function t() { } }
function f($a, array &$b) {
  $l = function ($x) use ($a) { return 1; };
  $this->fn = fn($y) => $y;
  array_map(function ($z) { return $z; }, $b);
}
?><p><?= f(1) ?></p></body></html>
`,
    found: [
      'constructor App\\Http::K::__construct(int) @4-4',
      'method App\\Http::K::m(int, ?array, ...$rest) @5-6',
      'method App\\Http::T::t() @10-10',
      'function App\\Http::f($a, array) @11-15',
      'arrow App\\Http::f::$l($x) @12-12',
      'arrow App\\Http::f::$this->fn($y) @13-13',
    ],
  },
  {
    language: 'csharp',
    source: `using System;
namespace A.B;
class K : B {
  public K(int x) : base(x) { }
  ~K() { }
  [Attr]
  public async Task<int> M(int a, ref string b, params int[] c) => 1;
  public int P { get { return 1; } set => x = value; }
  public int Auto { get; set; }
  public int Q => 1;
  public int this[int i] { get { return 1; } }
  public static K operator +(K a, K b) { return a; }
  public static implicit operator int(K a) { return 1; }
  Func<int, int> f = x => x + 1;
  event E Changed { add { } remove { } }
  void L() {
    int local(int z) { return z; }
    var g = delegate(int q) { return q; };
    list.Select(x => x);
  }
  void IFoo.Bar() { }
  abstract void None();
  struct S { public void T<U>(List<U> u) { } }
}
`,
    found: [
      'constructor A.B.K.K(int) @4-4',
      'method A.B.K.~K() @5-5',
      'method A.B.K.M(int, string, int[]) @6-7',
      'getter A.B.K.P() @8-8',
      'setter A.B.K.P() @8-8',
      'getter A.B.K.Q() @10-10',
      'getter A.B.K.this[](int) @11-11',
      'method A.B.K.operator +(K, K) @12-12',
      'method A.B.K.operator int(K) @13-13',
      'arrow A.B.K.f(x) @14-14',
      'method A.B.K.Changed.add() @15-15',
      'method A.B.K.Changed.remove() @15-15',
      'method A.B.K.L() @16-20',
      'function A.B.K.L.local(int) @17-17',
      'arrow A.B.K.L.g(int) @18-18',
      'method A.B.K.IFoo.Bar() @21-21',
      'method A.B.K.S.T(List<U>) @23-23',
    ],
  },
  {
    language: 'ruby',
    source: `module A
  class B < C
    attr_reader :x
    def initialize(a, b = 1, *rest, k: 2, &block)
      @a = a
    end
    def self.make; new(1); end
    define_method(:dyn) { |x| x }
    define_method("text") do |x|
      x
    end
    TRIPLE = ->(x) { x * 3 }
    OTHER = lambda { |x| x }
    def ==(other) true end
    def empty; end
    def short = 1
    class << self
      def hidden; 1 end
    end
    list.each { |x| x }
  end
end
`,
    found: [
      'constructor A::B::initialize(a, b, *rest, k:, &block) @4-6',
      'method A::B::self.make() @7-7',
      'method A::B::dyn(x) @8-8',
      'method A::B::text(x) @9-11',
      'arrow A::B::TRIPLE(x) @12-12',
      'arrow A::B::OTHER(x) @13-13',
      'method A::B::==(other) @14-14',
      'method A::B::empty() @15-15',
      'method A::B::short() @16-16',
      'method A::B::self::hidden() @18-18',
    ],
  },
  {
    language: 'rust',
    source: `mod net {
  #[inline]
  pub fn parse<'a, T: Into<String>>(a: &'a str, mut b: Vec<T>) -> Result<i32, E> { Ok(1) }
  impl<T> Read for Stream<T> {
    fn read(&mut self, buf: &mut [u8]) -> usize { let swap = |y: i32| y + 1; buf.iter().map(|x| x); 0 }
  }
}
impl Stream { pub async unsafe fn open(path: &Path) -> Self { Stream } }
trait Q { fn none(&self); fn given(&self) { } }
extern "C" fn ext(x: *const u8) { }
`,
    found: [
      "function net::parse(&'a str, Vec<T>) @3-3",
      'method net::<Stream<T> as Read>::read(&mut self, &mut[u8]) @5-5',
      'arrow net::<Stream<T> as Read>::read::swap(i32) @5-5',
      'method Stream::open(&Path) @8-8',
      'method Q::given(&self) @9-9',
      'function ext(*const u8) @10-10',
    ],
  },
  {
    language: 'kotlin',
    source: `package a.b
class K(val x: Int) : B() {
  constructor(s: String, n: Int = 1) : this(1) { use(s) }
  @Test fun m(a: Int, b: List<String> = listOf("x"), vararg c: Int): Int = a
  val p: Int
    get() = 1
  var q: Int = 0
    get() { return field }
    set(value) { field = value }
  companion object { fun make() { } }
  fun String.ext() { }
  fun nested() { fun inner() { } ; run { inner() } }
}
object O { fun f() { } }
val lam = { x: Int -> x + 1 }
val anon = fun(x: Int): Int { return x }
interface I { fun none() }
fun top(f: (Int) -> Unit) { f(1) }
`,
    found: [
      'constructor a.b.K.constructor(String, Int) @3-3',
      'method a.b.K.m(Int, List<String>, Int) @4-4',
      'getter a.b.K.p() @6-6',
      'getter a.b.K.q() @8-8',
      'setter a.b.K.q() @9-9',
      'method a.b.K.Companion.make() @10-10',
      'method a.b.K.String.ext() @11-11',
      'method a.b.K.nested() @12-12',
      'function a.b.K.nested.inner() @12-12',
      'method a.b.O.f() @14-14',
      'arrow a.b.lam(Int) @15-15',
      'arrow a.b.anon(Int) @16-16',
      'function a.b.top((Int)->Unit) @18-18',
    ],
  },
  {
    language: 'scala',
    source: `package a.b
class K(x: Int) extends B {
  def this(s: String) = { this(1) }
  override def m[T](a: Int, b: String = "x")(implicit c: C): Int = a
  def proc() { foo() }
  val twice = (x: Int) => x * 2
  def outer = { def inner(n: Int): Int = n; inner(1) }
}
object O { def f = 1 }
trait T { def none(a: Int): Int }
`,
    found: [
      'constructor a.b.K.this(String) @3-3',
      'method a.b.K.m(Int, String, C) @4-4',
      'method a.b.K.proc() @5-5',
      'arrow a.b.K.twice(Int) @6-6',
      'method a.b.K.outer() @7-7',
      'function a.b.K.outer.inner(Int) @7-7',
      'method a.b.O.f() @9-9',
    ],
  },
];

describe.each(CASES)('$language', ({ language, source, found }) => {
  const { functions, hasErrors } = parseSource(source, language);

  test('what is found', () => {
    expect(hasErrors).toBe(false);
    const rows = functions.map(
      ({ kind, qualifiedName, signature, startLine, endLine }) =>
        `${kind} ${qualifiedName}${signature} @${startLine}-${endLine}`,
    );
    expect(rows).toEqual(found);
  });

  test('its text is the stretch of the source, and functions nest', () => {
    for (const entry of functions) {
      expect(entry.code).toBe(source.slice(entry.start, entry.end));
      expect(source.slice(0, entry.start).split('\n').length).toBe(entry.startLine);
      expect(entry.bodyStart).toBeGreaterThanOrEqual(entry.start);
      expect(entry.bodyEnd).toBeLessThanOrEqual(entry.end);
      const outer = entry.parent === undefined ? undefined : functions[entry.parent]!;
      if (outer === undefined) continue;
      expect(outer.start).toBeLessThanOrEqual(entry.start);
      expect(outer.end).toBeGreaterThanOrEqual(entry.end);
    }
  });
});
