/** @file C as people write it, in which the grammar alone loses functions: macros as heads, attributes, brackets split over conditionals. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanFunctions } from '../../../src/source/c-text/scan-functions.ts';
import { LANGUAGES, type Language } from '../../../src/source/languages.ts';
import { parseSource } from '../../../src/source/parse-source.ts';

const AFTER = 'int after(int q) { return q; }\n';

const rows = (source: string, language: Language = 'c') =>
  parseSource(source, language).functions.map(
    (one) => `${one.qualifiedName} ${one.startLine}-${one.endLine}`,
  );

describe('a head that only a macro explains is a function', () => {
  test.each([
    ['PHP_METHOD(Redis, connect)\n{\n\tx();\n}\n', 'PHP_METHOD(Redis, connect) 1-4'],
    ['PHP_FUNCTION(lev)\n{\n\tint i;\n}\n', 'PHP_FUNCTION(lev) 1-4'],
    ['static ZEND_METHOD(A, b) {\n\tx();\n}\n', 'ZEND_METHOD(A, b) 1-3'],
    [
      'SYSCALL_DEFINE2(peek, int, fd,\n\tsize_t, n)\n{\n\treturn n;\n}\n',
      'SYSCALL_DEFINE2(peek, int, fd, size_t, n) 1-5',
    ],
    ['COMPAT_SYSCALL_DEFINE1(f, int, a)\n{\n}\n', 'COMPAT_SYSCALL_DEFINE1(f, int, a) 1-3'],
    ['TEST(A, b) { ASSERT(1); }\n', 'TEST(A, b) 1-1'],
    ['Test(suite, name) { x(); }\n', 'Test(suite, name) 1-1'],
    [
      'BPF_CALL_2(bpf_get, u32, a, void *, b)\n{\n\treturn a;\n}\n',
      'BPF_CALL_2(bpf_get, u32, a, void *, b) 1-4',
    ],
    ['DEFINE_FN(work)\n{\n\tx();\n}\n', 'DEFINE_FN(work) 1-4'],
    ['YY_DECL\n{\n\tx();\n}\n', 'YY_DECL 1-4'],
    ['static int __init boot(void)\n{\n\treturn 0;\n}\n', 'boot 1-4'],
    ['static void __exit bye(void)\n{\n}\n', 'bye 1-3'],
    ['AX_API AX_S32 AX_Init(AX_VOID)\n{\n\treturn 0;\n}\n', 'AX_Init 1-4'],
    ['static __printf(2, 3) int tlv(struct b *s, const char *f, ...)\n{\n\treturn 0;\n}\n', 'tlv 1-4'],
    ['static int locked(struct a *x) __must_hold(&x->lock)\n{\n\treturn 0;\n}\n', 'locked 1-4'],
    ['MODULE_LICENSE("GPL")\n\nstatic int after_call(void)\n{\n\treturn 0;\n}\n', 'after_call 3-6'],
    ['LUALIB_API int (luaL_load) (lua_State *L, const char *s) {\n\treturn 0;\n}\n', 'luaL_load 1-3'],
    ['EXPORT int old(a, b)\nint a;\nchar *b;\n{\n\treturn a;\n}\n', 'old 1-6'],
  ])('%s', (source, expected) => {
    expect(rows(source + AFTER)).toEqual([expected, expect.stringMatching(/^after /)]);
    for (const one of parseSource(source, 'c').functions)
      expect(one.code).toBe(source.slice(one.start, one.end));
  });

  test('what is no function stays none', () => {
    const source = `struct __attribute__((packed)) a { int b; };
struct PACKED(1) c { int d; };
static struct ops o = { .open = F(1) };
enum { A, B };
DECLARE(x);
BROKEN(
`;
    expect(rows(`${source})\n\n${AFTER}`)).toEqual(['after 9-9']);
  });
});

const SPLIT = `int before(int q) { return q; }
int split(int a)
{
#ifdef WIN
    if (a > 1) {
        x();
#else
    if (a > 2) {
#endif
        y();
    }
    return a;
}
`;

describe('brackets split over branches of a conditional', () => {
  test('a function with two openings and one closing is one function, and those around it stay', () => {
    expect(rows(SPLIT + AFTER)).toEqual(['before 1-1', 'split 2-13', 'after 14-14']);
    const parsed = parseSource(SPLIT + AFTER, 'c');
    expect(parsed.normalise(parsed.functions[1]!)).toMatch(/^int split\(int a\)\{.*return a;\}$/);
  });

  test('the same condition is taken the same way at both ends', () => {
    const source = `int f(int a)
{
#ifndef A
    /* nothing */
#else
    if (a) {
#endif
    x();
#ifdef A
    }
#endif
    return 1;
}
`;
    expect(rows(source + AFTER)).toEqual(['f 1-13', 'after 14-14']);
  });

  test('what is never closed ends at the brace in the first column', () => {
    const source = 'int f(int a)\n{\n#if A\n    if (a) {\n#endif\n    return 1;\n}\n';
    expect(rows(`${source}static int g(int b)\n{\n    return b;\n}\n${AFTER}`)).toEqual([
      'f 1-7',
      'g 8-11',
      'after 12-12',
    ]);
  });

  test('two heads with one body are one function', () => {
    const source = '#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n    return 1;\n}\n';
    expect(rows(source + AFTER)).toEqual([expect.stringMatching(/^f \d-7$/), 'after 8-8']);
  });

  test('both functions of two branches are found, in a file with errors too', () => {
    const source = `${SPLIT}#ifdef A\nint g(void) { return 1; }\n#else\nint g(void) { return 2; }\n#endif\n`;
    expect(rows(source)).toEqual(['before 1-1', 'split 2-13', 'g 15-15', 'g 17-17']);
  });
});

describe('C++', () => {
  test('methods with attribute macros have their own names', () => {
    const source = `namespace n {
class Lock {
 public:
  explicit Lock(Mutex* mu) EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu), n_{1} { mu->Lock(); }
  ~Lock() UNLOCK_FUNCTION() { mu_->Unlock(); }
  bool ok() const { return true; }
};
}
`;
    expect(rows(source, 'cpp')).toEqual(['n::Lock::Lock 4-4', 'n::Lock::~Lock 5-5', 'n::Lock::ok 6-6']);
  });
});

describe('what could not be read is said', () => {
  test('a token that the parser put in is an error of the file', () => {
    expect(parseSource('static int __init boot(void)\n{\n}\n', 'c').hasErrors).toBe(true);
  });

  test.each<[Language, string, number]>([
    ['c', 'int a(int b)\n{\n  if (b) {\n', 1],
    ['c', 'UNIT_START\n\n  int i;\n  for (i = 0; i < 1; i++) {\n    x();\n  }\n', 1],
    ['python', 'def a():\n    return 1\ndef b(:\n    x = = 1\n', 1],
    ['go', 'package p\nfunc a() { }\nfunc b( { x( }\n', 1],
    ['java', 'class K {\n  int a() { return 1; }\n  int b(int {\n    return 2;\n  }\n}\n', 1],
    ['java', 'class K { int a() { return 1; } int b() { int = ; } }', 0],
  ])('%s: %j has as many', (language, source, count) => {
    expect(parseSource(source, language).unread).toHaveLength(count);
  });
});

test('any text gives functions that are stretches of it, each once, none across another', () => {
  const pieces = [
    'int f(int a)', '\n{', ' {', '\n}', '}', ';', '\n', 'PHP_METHOD(A, b)', '\n#if A\n', '\n#else\n', '\n#endif\n',
    'if (x)', 'struct s', ' = ', '(', ')', '"', "'", '/*', '*/', '//', '\\\n', 'class K', ':', 'x{1}', 'template <',
  ]; // biome-ignore format: a table
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 60 }),
      fc.constantFrom('c', 'cpp'),
      (parts, language) => {
        const source = parts.join('');
        const { functions } = parseSource(source, language as Language);
        functions.forEach((one, i) => {
          expect(one.code).toBe(source.slice(one.start, one.end));
          expect(one.bodyStart).toBeGreaterThanOrEqual(one.start);
          expect(source[one.bodyEnd - 1]).not.toBe(undefined);
          for (const other of functions.slice(0, i)) {
            expect(other.start < one.start || (other.start === one.start && other.end > one.end)).toBe(true);
            expect(other.end <= one.start || other.end >= one.end).toBe(true);
          }
        });
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  ['conditionals', '#if A\nif (a) {\n#else\n'],
  ['heads never closed', 'int f(int a)\n{\n'],
  ['candidates for an end', 'int f(int a)\n{\n{\n}\n'],
  ['old-style declarations', 'f(a) int a; int a; int a; int a;'],
  ['initialisers', 'K() : a{1}, b{2}, '],
  ['quotes', '\'"\\\n'],
  ['calls', 'A(x) B(y)\n'],
])('the work of the scan grows with the text: %s', (_, piece) => {
  const steps = (times: number) => scanFunctions(piece.repeat(times), false).steps;
  expect(steps(4000)).toBeLessThan(4.5 * steps(1000) + 100);
});

test('every language says what it could not read', () => {
  for (const language of Object.keys(LANGUAGES) as Language[])
    expect(parseSource('', language).unread).toEqual([]);
});
