/** @file A snippet of each language with what its extraction looks at: nested and unnamed functions, comments, strings. */
import type { Language } from '../../src/source/languages.ts';

const javascript = `// vultune-ignore-next-line: checked by hand
export function load(path, { deep = true } = {}) {
  const read = async (x) => \`\${path}/\${x}\`.replace(/["'\\/]/g, "");
  return items.map(function (one) { return read(one) /* why */; });
}
class Server extends Base {
  static #count = 0;
  get size() { return this.#count; }
  async *run(...args) { yield* args; }
}
Server.prototype.listen = (port) => { if (port < 1) throw new Error('x'); };
module.exports = { load, 'odd name': function () {} };
console.log(load('a'));
`;

const c = `#include <stdio.h>
#define CHECK(x) do { if (!(x)) return -1; } while (0)
static int __init init(void) { return 0; }
SYSCALL_DEFINE2(open, const char *, path, int, flags)
{
	char buf[16]; /* "quoted" */
	strcpy(buf, path); // unsafe
	return buf[0] == '\\'' ? 1 : flags;
}
#ifdef A
int f(int a) {
#else
int f(long a) {
#endif
	CHECK(a);
	return sizeof(struct s { int x; });
}
PHP_FUNCTION(name) { RETURN_TRUE; }
__attribute__((noinline)) void *(*g(void))(int) { return 0; }
int old(a, b) int a; char *b; { return a; }
`;

/** Parsed by the same code as others of its kind, each by a grammar of its own. */
export const SNIPPETS: Readonly<Record<Language, string>> = {
  javascript,
  typescript: `${javascript}
abstract class A<T extends string> { constructor(private readonly x: T) { super(); } abstract f(): void; }
function over(a: number): void; function over(a: string | number): asserts a is number {}
const cast = <T,>(x: unknown): T => x as T;
`,
  tsx: `const App: FC<Props> = ({ items }) => {
  useEffect(() => { go(); }, []);
  return <ul onClick={(e) => pick(e)}>{items.map((i) => <li key={i.id}>{\`\${i.name}\`} &amp; text</li>)}</ul>;
};
export function Page() { return <><App items={[]} /></>; }
`,
  java: `package a.b;
/** A class. */
public class A<T> extends B implements C {
  static { init(); }
  public A(int x) { this.x = x; }
  @Override public <U> List<U> get(Map<String, ? super T> m, int... rest) throws E {
    Runnable r = () -> { run("x\\"y", 'c'); };
    return new Handler() { public void on(Event e) { go(e); } };
  }
  record P(int a) { P { check(a); } }
}
`,
  c,
  cpp: `${c}
namespace a::b {
template <typename T> class V final : public W<T> {
public:
  explicit V(int n) : n_(n) {}
  ~V() noexcept { delete p_; }
  bool operator<(const V& o) const { return n_ < o.n_; }
  auto f() -> decltype(n_) { return [this, &x](auto y) mutable { return R"(raw ")" + y; }(1); }
};
template <> int V<int>::g() const && { try { return 1; } catch (...) {} }
}
`,
  python: `import os
@app.route("/x", methods=["GET"])
async def load(path: str, *args, **kwargs) -> int:
    """Doc 'string'."""
    def inner(x=lambda y: y + 1):
        return f"{path!r:>{width}} {x}"  # comment
    with open(path) as f:
        return [inner(l) for l in f if l]
class A(B, metaclass=M):
    @property
    def x(self): return self._x
if __name__ == '__main__':
    os.system(load('a'))
`,
  go: `package a

func (s *Server[T]) Handle(w http.ResponseWriter, r *http.Request) (n int, err error) {
	defer func() { recover() }()
	go s.run(func(x int) { fmt.Println(\`raw "x\`, 'c', x) })
	return len(r.URL.Path), nil // done
}
func init() {}
var f = func(a, b int, c ...string) bool { return a < b }
`,
  php: `<html><?php
namespace A\\B;
abstract class C extends D implements E {
  public function __construct(private readonly int $x = 1, string ...$rest) { parent::__construct(); }
  private static function &f(?array $a): ?string { return "a {$a['x']} $b"; }
}
function g($x) { return array_map(fn ($y) => $y . $x, array_filter($x, function ($z) use (&$x) { return $z; })); }
$text = <<<EOT
Hello $name
EOT;
echo g($_GET['q']); # end ?>
<b><?= $text ?></b>
`,
  csharp: `using System;
namespace A.B;
public partial class C<T> : D where T : new() {
  public C(int x) : base(x) { }
  public int P { get => _p; set { _p = value; } }
  public async Task<int> F([FromBody] string s, params int[] rest) {
    int Local(int a) => a + 1;
    await Task.Run(() => { Go($"x {s:N2} {{}}", @"c:\\x", 'c'); });
    return rest.Select(delegate (int r) { return Local(r); }).Sum();
  }
  public static C<T> operator +(C<T> a, C<T> b) => a;
  ~C() { }
}
`,
  ruby: `# comment
module A
  class B < C
    attr_reader :x
    def initialize(x, *rest, key: 1, &block)
      @x = "a #{x.map { |y| y + 'z' }} b"
    end
    def self.run?(a) = a > 1
    define_method(:go) do |path|
      system(%w[ls -l], path) if path =~ /a\\/b/
    end
    private def [](i); <<~TEXT; end
      text #{i}
    TEXT
  end
end
get '/x' do
  params[:q]
end
`,
  rust: `use std::io;
impl<'a, T: Clone + 'a> Server<T> where T: Send {
    pub async unsafe fn run(&mut self, path: &'a str, f: impl Fn(u8) -> u8) -> Result<(), io::Error> {
        let g = |x: u8| -> u8 { f(x) + b'c' };
        match path { "a" | "b" => Ok(()), _ if g(1) > 2 => { fn inner() {} Err(io::Error::other(r#"raw "x""#)) } }
    }
}
#[cfg(test)] mod tests { #[test] fn t() { assert!(true); /* a /* nested */ comment */ } }
macro_rules! m { ($x:expr) => { $x + 1 }; }
`,
  kotlin: `package a.b
class Server<T : Any>(private val x: Int = 1) : Base(x), Handler {
    init { start() }
    constructor(s: String) : this(s.length)
    override suspend fun <R> run(path: String, vararg rest: Int, block: (T) -> R): R? = rest.map { it + 1 }.let { block(it) }
    val size: Int get() { return "a \${x + 1} $path".length }
    companion object { fun of() = Server<String>() }
}
fun String.ext(): String { val f = fun(y: Int): Int { return y }; return """raw "x" $this""" }
`,
  scala: `package a.b
object Main extends App with Helper {
  def run[T <: Any](path: String)(implicit ec: Context): Option[T] = {
    val f = (x: Int) => x + 1
    path match { case s"a\${rest}" if f(1) > 2 => Some(rest).map { y => y }; case _ => None }
  }
  class A(val x: Int) { def this() = this(1); def +(o: A): A = new A({ x + o.x }) }
  lazy val text = """raw "x" """ // comment
  extension (s: String) def twice: String = s + s
}
`,
};
