/** @file The npm builder end to end on releases written here: every trap, every filter, stopping, going on, failing. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareVersions } from '../../../src/dataset/npm/advisories.ts';
import type { FetchRelease } from '../../../src/dataset/npm/analyse-all.ts';
import { type BuildNpmOptions, buildNpmDataset } from '../../../src/dataset/npm/build-npm-dataset.ts';
import type { Release } from '../../../src/dataset/npm/release.ts';
import { readLabelledRecords } from '../../../src/dataset/read-jsonl.ts';
import { languageOfPath } from '../../../src/source/languages.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-npm-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Registry = Record<string, Record<string, string>>;

interface Fact {
  readonly id?: string;
  readonly package: string;
  readonly vulnerable?: string;
  readonly fixed?: string;
  readonly functions: readonly {
    file: string;
    line: number;
    end: number;
    name?: string;
    qualified?: string;
  }[];
}

function release(files: Record<string, string>): Release {
  const entries = Object.entries(files).map(
    ([path, text]) => [path, { path, language: languageOfPath(path)!, text }] as const,
  );
  return { integrity: 'sha512-x', license: 'MIT', files: new Map(entries) };
}

const calls: string[] = [];

function fetchFrom(registry: Registry): FetchRelease {
  calls.length = 0;
  return async (name, version) => {
    calls.push(`${name}@${version}`);
    const files = registry[`${name}@${version}`];
    if (files === undefined) throw Object.assign(new Error('404 Not Found'), { code: 'E404' });
    return release(files);
  };
}

async function build(registry: Registry, facts: readonly Fact[], options: Partial<BuildNpmOptions> = {}) {
  const advisories = join(folder, 'advisories.jsonl');
  const lines = facts.map((fact, i) =>
    JSON.stringify({
      id: `CVE-2020-${i}`,
      vulnerable: '1.0.0',
      fixed: '1.0.1',
      cwe: ['CWE-1'],
      date: '2020-01-01',
      ...fact,
    }),
  );
  writeFileSync(advisories, `${lines.join('\n')}\n`);
  const result = await buildNpmDataset({
    advisories,
    outDir: join(folder, 'out'),
    cacheDir: join(folder, 'cache'),
    fetch: fetchFrom(registry),
    fractions: { train: 1, valid: 0, test: 0 },
    minTokens: 5,
    ...options,
  });
  const train =
    result.info.splits.train.functions === 0
      ? []
      : await readLabelledRecords(join(result.outDir, 'train.jsonl'));
  return { ...result, train, counts: result.info.counts };
}

const brief = (records: readonly { set?: string; function_name?: string; code: string }[]) =>
  records.map((record) => `${record.set} ${record.function_name ?? '-'}`).sort();

const SAFE = 'function other(a) { return a + 1; }';

describe('records', () => {
  test('a pair, an untouched function of the same file, and where they are from', async () => {
    const before = `${SAFE}\nfunction merge(a, b) {\n  return Object.assign(a, b);\n}\n`;
    const after = `// moved down\n${SAFE}\nfunction merge(a, b) {\n  if (b.__proto__) return a;\n  return Object.assign(a, b);\n}\n`;
    const { train, counts } = await build({ 'p@1.0.0': { 'a.js': before }, 'p@1.0.1': { 'a.js': after } }, [
      { package: 'p', functions: [{ file: 'a.js', line: 2, end: 4, name: 'merge' }] },
    ]);
    expect(brief(train)).toEqual(['P1 merge', 'P2 merge', 'P3 other']);
    const [p1, p2, p3] = ['P1', 'P2', 'P3'].map((set) => train.find((record) => record.set === set)!);
    expect(p1).toMatchObject({
      target: 1,
      id: 'p@1.0.0/a.js:2',
      code: 'function merge(a, b) {\n  return Object.assign(a, b);\n}',
      cve: 'CVE-2020-0',
      cwe: ['CWE-1'],
      language: 'javascript',
      project: 'p',
      path: 'a.js',
      release: '1.0.0',
      date: '2020-01-01',
    });
    expect(p2).toMatchObject({ target: 0, id: 'p@1.0.1/a.js:3', pair: p1!.pair, release: '1.0.1' });
    expect(p3).toMatchObject({ target: 0, code: SAFE });
    expect([p3!.pair, p3!.cve]).toEqual([undefined, undefined]);
    expect(counts).toEqual({
      named: { kept: 1 },
      fixes: { kept: 1 },
      unchanged: { 'kept, file of the fix': 1 },
    });
  });

  test('names that repeat, functions without one, computed keys: by file, line and name', async () => {
    const file = (check: string) => `x = { get() { return one(1, 2); } };
y = { get() { ${check}return two(1, 2); } };
on(function (e) { ${check}return e.data.value; });
class C { ['k' + 1](v) { ${check}return v.data.value; } }
`;
    const { train } = await build(
      { 'p@1.0.0': { 'a.js': file('') }, 'p@1.0.1': { 'a.js': file('guard(); ') } },
      [
        {
          package: 'p',
          functions: [
            { file: 'a.js', line: 2, end: 2, name: 'get' },
            { file: 'a.js', line: 3, end: 3, name: '<anonymous@a.js:3>' },
            { file: 'a.js', line: 4, end: 4, name: "['k'+1]" },
          ],
        },
      ],
    );
    const codes = (set: string) => train.filter((record) => record.set === set).map((record) => record.code);
    expect(codes('P1').join('\n')).not.toContain('guard');
    expect(codes('P2')).toEqual(codes('P1').map((code) => code.replace('return', 'guard(); return')));
    expect(codes('P1')).toHaveLength(3);
    expect(codes('P3')).toEqual(['get() { return one(1, 2); }']);
  });

  test('what is left out, each under its reason', async () => {
    const wrapper = (inner: string) =>
      `(function root() { ${`function pad() { return [${'1, '.repeat(60)}]; }\n`.repeat(3)} function inner() { ${inner} } })();`;
    const minified = (n: number) =>
      `function a(b){var c=b||{};return c.d?c.e(function(f){return f+${n}}):null}`.repeat(20);
    const files = (n: number): Record<string, string> => ({
      'layout.js':
        n === 1
          ? "function f(a) { return g('x', a); }"
          : 'function f(a) {\r\n  // why\r\n  return g("x", a)\t; }',
      'version.js': `function f() { return get('lib', '1.0.${n}'); }`,
      'wrapper.js': wrapper(`return ${n}`),
      'bundle.js': minified(n),
      'gen.js': `// @generated\nfunction f(a) { return a + ${n} }`,
      'vendor/x.js': `function f(a) { return a + ${n} }`,
      'test/x.js': `function f(a) { return a + ${n} }`,
      'broken.js': `function f(a) { return a + @@ ${n} }`,
      'short.js': `f = () => ${n}`,
      'good.js': `function good(a) { return a * ${n} }`,
      'copy.js': `function good(a) { return a * ${n} } // the same again`,
    });
    const named = Object.keys(files(1)).map((file) => ({
      file,
      line: 1,
      end: file === 'wrapper.js' ? 4 : 1,
    }));
    const functions = [
      ...named.map((entry) => (entry.file === 'gen.js' ? { ...entry, line: 2, end: 2 } : entry)),
      { file: 'absent.js', line: 1, end: 2 },
      { file: 'good.js', line: 7, end: 9 },
    ];
    const registry = { 'p@1.0.0': files(1), 'p@1.0.1': files(2) };
    const { counts, train } = await build(registry, [{ package: 'p', functions }], { minTokens: 6 });
    expect(counts.named).toEqual({
      'does not parse': 1,
      duplicate: 1,
      generated: 1,
      kept: 1,
      minified: 1,
      'not found': 2,
      'only a version string changed': 1,
      'only inner functions changed': 1,
      'test code': 1,
      'too short': 1,
      'unchanged but for layout': 1,
      vendored: 1,
    });
    expect(brief(train)).toEqual(['P1 good', 'P2 good']);
  });

  test("one entry's fix is another's weakness: never safe, and its later versions neither", async () => {
    const body = (text: string) => ({ 'a.js': `function set(o, k, v) { ${text} o[k] = v; }\n` });
    const registry = {
      'p@1.0.0': body(''),
      'p@1.0.1': body('if (k === a) return;'),
      'p@1.0.2': body('if (k === a || k === b) return;'),
      'p@2.0.0': body('/* rewritten */ if (bad(k)) return;'),
      'p@2.0.1': body('if (bad(k) || worse(k)) return;'),
    };
    const functions = [{ file: 'a.js', line: 1, end: 1, name: 'set' }];
    const { train, counts } = await build(registry, [
      { package: 'p', functions },
      { package: 'p', vulnerable: '1.0.1', fixed: '1.0.2', functions },
      { package: 'p', vulnerable: '2.0.0', fixed: '2.0.1', functions },
    ]);
    expect(counts.fixes).toEqual({
      kept: 1,
      'vulnerable again later': 1,
      'vulnerable by another advisory': 1,
    });
    expect(brief(train)).toEqual(['P1 set', 'P1 set', 'P1 set', 'P2 set']);
  });

  test('P3: the wanted ratio, files of the fix first, nothing inside a named function, no duplicates', async () => {
    const many = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, i) => `function ${prefix}${i}(a) { return a + ${i}; }`).join('\n');
    const files = (check: string) => ({
      'a.js': `function bad(x) { ${check} return [1].map(function inside(y) { return y + x; }); }\n${many('near', 3)}\n`,
      'b.js': `${many('far', 5)}\n${many('near', 3)}\n`,
      'dist/b.js': many('built', 9),
      'test/c.js': many('test', 9),
    });
    const registry = { 'p@1.0.0': files(''), 'p@1.0.1': files('if (!x) return;') };
    const facts = [{ package: 'p', functions: [{ file: 'a.js', line: 1, end: 1, name: 'bad' }] }];
    const sizes = async (negativesPerPositive: number) => {
      const { train } = await build(registry, facts, { negativesPerPositive });
      return brief(train.filter((record) => record.set === 'P3')).map((name) => name.replace(/P3 |\d/g, ''));
    };
    expect(await sizes(0)).toEqual([]);
    expect(await sizes(2)).toEqual(['near', 'near']);
    expect(await sizes(5)).toEqual(['far', 'far', 'near', 'near', 'near']);
    expect(await sizes(50)).toEqual(['far', 'far', 'far', 'far', 'far', 'near', 'near', 'near']);
  });

  test('P3 of matched length: nearest to the P1', async () => {
    const long = `function long(x) { ${'step(x); '.repeat(20)} }`;
    const files = (check: string) => ({
      'a.js': `function bad(x) { ${'work(x); '.repeat(18)}${check} }\n${SAFE}\n${long}\n${SAFE.replace('other', 'b')}\n`,
    });
    const registry = { 'p@1.0.0': files(''), 'p@1.0.1': files('check(x);') };
    const facts = [{ package: 'p', functions: [{ file: 'a.js', line: 1, end: 1, name: 'bad' }] }];
    const { train } = await build(registry, facts, { negativeLengths: 'matched' });
    expect(brief(train)).toContain('P3 long');
  });
});

/** Twelve packages with one pair and one untouched function each. */
function manyPackages(): { registry: Registry; facts: Fact[] } {
  const registry: Registry = {};
  const facts: Fact[] = [];
  for (let i = 0; i < 12; i++) {
    const file = (check: string) => ({
      'a.js': `function bad${i}(x) { ${check} return x${`.f${i}()`.repeat(9)}; }\nfunction ok${i}(a) { return a + ${i}; }\n`,
    });
    registry[`p${i}@1.0.0`] = file('');
    registry[`p${i}@1.0.1`] = file('if (!x) throw x;');
    facts.push({ package: `p${i}`, functions: [{ file: 'a.js', line: 1, end: 1, name: `bad${i}` }] });
  }
  return { registry, facts };
}

const bytesOf = (path: string) =>
  readdirSync(path)
    .sort()
    .map((name) => [name, readFileSync(join(path, name), 'utf8')]);
const FRACTIONS = { train: 0.5, valid: 0.25, test: 0.25 };

describe('the build', () => {
  test('splits by package; a second run needs no release and gives equal bytes, in whatever order', async () => {
    const { registry, facts } = manyPackages();
    const { info, outDir } = await build(registry, facts, { fractions: FRACTIONS });
    expect(Object.values(info.splits).map(({ packages, P1, P2, P3 }) => [packages, P1, P2, P3])).toEqual([
      [6, 6, 6, 6],
      [3, 3, 3, 3],
      [3, 3, 3, 3],
    ]);
    const first = bytesOf(outDir);
    expect(first.map(([name]) => name)).toEqual([
      'README.md',
      'dataset.json',
      'test.jsonl',
      'train.jsonl',
      'valid.jsonl',
    ]);
    await build({}, facts, { fractions: FRACTIONS, concurrency: 1 });
    expect(calls).toEqual([]);
    expect(bytesOf(outDir)).toEqual(first);
    await build({}, facts, { fractions: FRACTIONS, seed: 7 });
    expect(bytesOf(outDir)).not.toEqual(first);
  });

  test('stopped half-way it writes nothing, goes on from there, and gives the same bytes', async () => {
    const { registry, facts } = manyPackages();
    const stop = new AbortController();
    const stopped = build(registry, facts, {
      fractions: FRACTIONS,
      concurrency: 2,
      signal: stop.signal,
      onProgress: ({ phase, done }) => {
        if (phase === 'fetch' && done === 5) stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'DATASET_BUILD_STOPPED', exitCode: 130 });
    expect(readdirSync(folder)).not.toContain('out');
    const { outDir } = await build(registry, facts, { fractions: FRACTIONS });
    expect(calls.length).toBeLessThanOrEqual(14);
    const whole = bytesOf(outDir);
    rmSync(join(folder, 'cache'), { recursive: true });
    await build(registry, facts, { fractions: FRACTIONS });
    expect(bytesOf(outDir)).toEqual(whole);
  });

  test('a fetch that never answers is left at once when stopped', async () => {
    const stop = new AbortController();
    const { facts } = manyPackages();
    const fetch: FetchRelease = () => {
      setImmediate(() => stop.abort());
      return new Promise<never>(() => {});
    };
    await expect(build({}, facts, { fetch, signal: stop.signal })).rejects.toMatchObject({
      code: 'DATASET_BUILD_STOPPED',
    });
  });

  test('a package that cannot be fetched is reported and left out', async () => {
    const { registry, facts } = manyPackages();
    delete registry['p3@1.0.1'];
    const { info, leftOut, outDir } = await build(registry, facts, { fractions: FRACTIONS });
    expect(leftOut).toMatchObject([{ package: 'p3', reason: 'E404', message: '404 Not Found' }]);
    expect(info.leftOut).toEqual([
      { id: 'CVE-2020-3', package: 'p3', vulnerable: '1.0.0', fixed: '1.0.1', reason: 'E404' },
    ]);
    expect(readFileSync(join(outDir, 'README.md'), 'utf8')).toContain(
      '| p3 | 1.0.0 → 1.0.1 | CVE-2020-3 | E404 |',
    );
    expect(info.sources.map((source) => source.package)).not.toContain('p3');
  });

  test('an unreachable registry is given up soon: then only the cache of npm is asked', async () => {
    const { facts } = manyPackages();
    const offline: boolean[] = [];
    const fetch: FetchRelease = async (_name, _version, options) => {
      offline.push(options.offline);
      throw Object.assign(new Error('getaddrinfo'), { code: options.offline ? 'ENOTCACHED' : 'ENOTFOUND' });
    };
    await expect(build({}, facts, { fetch, concurrency: 1 })).rejects.toMatchObject({
      code: 'DATASET_NOTHING_BUILT',
    });
    expect(offline).toEqual([false, false, false, false, ...Array<boolean>(8).fill(true)]);
  });

  test('a spoilt cache file is made again', async () => {
    const { registry, facts } = manyPackages();
    const { outDir } = await build(registry, facts);
    const first = bytesOf(outDir);
    const cache = join(folder, 'cache/npm');
    writeFileSync(join(cache, readdirSync(cache)[0]!), 'spoilt');
    await build(registry, facts);
    expect(calls).toHaveLength(2);
    expect(bytesOf(outDir)).toEqual(first);
  });

  test('a bug of ours is not taken for a package that cannot be fetched', async () => {
    const { facts } = manyPackages();
    const fetch: FetchRelease = async () => ({ integrity: '', license: '' }) as unknown as Release;
    await expect(build({}, facts, { fetch })).rejects.toThrow(TypeError);
  });
});

describe('what is refused before anything is fetched', () => {
  const { registry, facts } = manyPackages();

  test.each([
    ['a ratio below zero', { negativesPerPositive: -1 }],
    ['nine at once', { concurrency: 9 }],
    ['fractions that do not add up', { fractions: { train: 0.7, valid: 0.7, test: 0.1 } }],
    ['a fractional seed', { seed: 0.5 }],
  ] as const)('%s', async (_name, options) => {
    await expect(build(registry, facts, options)).rejects.toMatchObject({ code: 'DATASET_OPTION' });
    expect(calls).toEqual([]);
  });

  test('an output folder with something else in it', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out/thesis.tex'), 'x');
    await expect(build(registry, facts)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(readFileSync(join(folder, 'out/thesis.tex'), 'utf8')).toBe('x');
  });

  test.each([
    ['a package that is an address', { package: 'git+ssh://host/x' }],
    ['a version that is a tag', { package: 'p', vulnerable: 'latest' }],
    ['a version that is a file', { package: 'p', fixed: 'file:../x' }],
    ['no functions', { package: 'p', functions: [] }],
    ['a function without lines', { package: 'p', functions: [{ file: 'a.js' }] }],
  ])('%s', async (_name, fact) => {
    const broken = build(registry, [facts[0]!, { ...facts[1]!, ...fact } as Fact]);
    await expect(broken).rejects.toMatchObject({ code: 'ADVISORY_BROKEN', where: { line: 2 } });
  });
});

test('versions in order', () => {
  const sorted = ['1.0.0-beta.2', '1.0.0-beta.10', '1.0.0', '1.0.2', '1.0.10', '1.10.0', '2.0.0'];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
});
