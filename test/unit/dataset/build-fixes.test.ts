/** @file Datasets out of fixes: which function becomes what, what is left out, and that a stopped build goes on. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildDataset } from '../../../src/dataset/builder/build-dataset.ts';
import type { RecordSource, SourceContext } from '../../../src/dataset/source.ts';
import { build, type Fix, fixSource, readBuilt, temporaryFolder } from '../../support/fix-source.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const read = (guard: string) =>
  `function read(name, root) {\n  ${guard}\n  return open(join(root, name), 'r');\n}\n`;
const idle = 'function idle(queue, limit) {\n  return queue.size === 0 && queue.age < limit;\n}\n';
const check = `if (name.includes('..')) throw new Error('no');`;
const file = (before: string | undefined, after: string | undefined, path = 'lib/read.js') => ({
  path,
  before,
  after,
});
const buildFixes = (fixes: readonly Fix[], options = {}) =>
  build(folder.path, { sources: [fixSource(fixes)], ...options });
const outline = (records: readonly object[]) =>
  records.map((record) => {
    const { set, function_name: name } = record as { set: string; function_name: string };
    return `${set} ${name}`;
  });

const minified = `${read('').replaceAll(/\s+/g, '')};`.repeat(9);

describe('one fix', () => {
  test('the changed function before and after, and the unchanged one beside it', async () => {
    const fix = {
      files: [file(read('') + idle, read(check) + idle)],
      project: 'org/reader',
      commit: 'abc',
      date: '2020-02-03',
      cve: ['CVE-2020-1', 'CVE-2020-2'],
      cwe: ['CWE-22'],
    };
    const { records } = await buildFixes([fix]);
    const facts = { project: 'org/reader', commit: 'abc', date: '2020-02-03', language: 'javascript' };
    const cause = { cve: 'CVE-2020-1', cves: ['CVE-2020-1', 'CVE-2020-2'], cwe: ['CWE-22'] };
    const place = { path: 'lib/read.js', start_line: 1, end_line: 4, split: records[0]!.split };
    const named = { function_name: 'read', qualified_name: 'read', pair: 'org/reader@abc/lib/read.js:1' };
    expect(records).toEqual([
      {
        id: 'org/reader@abc^/lib/read.js:1',
        code: read('').trimEnd(),
        target: 1,
        set: 'P1',
        ...facts,
        ...cause,
        ...place,
        ...named,
      },
      {
        id: 'org/reader@abc/lib/read.js:1',
        code: read(check).trimEnd(),
        target: 0,
        set: 'P2',
        ...facts,
        ...cause,
        ...place,
        ...named,
      },
      {
        id: 'org/reader@abc/lib/read.js:5',
        code: idle.trimEnd(),
        target: 0,
        set: 'P3',
        ...facts,
        ...place,
        start_line: 5,
        end_line: 7,
        function_name: 'idle',
        qualified_name: 'idle',
      },
    ]);
  });

  test.each([
    [
      'comments',
      read('// todo'),
      read('// done'),
      'only comments or white space changed (counts as unchanged)',
    ],
    [
      'white space',
      read(''),
      read('').replaceAll('  ', '\t'),
      'only comments or white space changed (counts as unchanged)',
    ],
    ['a new name', read(''), read('').replace('read(', 'load('), 'only renamed'],
    [
      'a version',
      read(`const v = '1.2.3';`),
      read(`const v = '1.3.0-rc1';`),
      'only a version number changed',
    ],
  ])('%s: no label', async (_, before, after, reason) => {
    const edit = file(idle, idle.replace('<', '<='), 'lib/idle.js');
    const { records, info } = await buildFixes([{ files: [file(before, after), edit] }], {
      negatives: 'none',
    });
    expect(outline(records)).toEqual(['P1 idle', 'P2 idle']);
    expect(info.counts.functions).toEqual({ [reason]: 1 });
  });

  test.each([
    ['test file', 'test/read.js', read(''), read(check)],
    ['vendored file', 'vendor/read.js', read(''), read(check)],
    ['generated file', 'lib/gen.js', `// @generated\n${read('')}`, `// @generated\n${read(check)}`],
    ['minified file', 'lib/m.js', minified, `${minified}x()`],
    ['file that is not source code', 'lib/read.txt', read(''), read(check)],
  ])('%s: passed over and counted', async (reason, path, before, after) => {
    const edit = file(idle, idle.replace('<', '<='));
    const { records, info } = await buildFixes([{ files: [file(before, after, path), edit] }], {
      negatives: 'none',
    });
    expect(outline(records)).toEqual(['P1 idle', 'P2 idle']);
    expect(info.counts.files).toEqual({ [reason]: 1, kept: 1 });
  });

  test('an inner function has its own change; what surrounds it is no label', async () => {
    const outer = (inner: string) => `function outer(a) {\n${inner}\n  return read(a, '/');\n}\n`;
    const { records, info } = await buildFixes([{ files: [file(outer(read('')), outer(read(check)))] }]);
    expect(outline(records)).toEqual(['P1 read', 'P2 read']);
    expect(info.counts.functions).toEqual({ 'changed only in a function inside it': 1 });
  });

  test('a callback belongs to the named function around it', async () => {
    const outer = (sign: string) =>
      `function outer(list) {\n  return list.filter((x) => x ${sign} 3).length;\n}\n`;
    const { records } = await buildFixes([{ files: [file(outer('<'), outer('<='))] }]);
    expect(outline(records)).toEqual(['P1 outer', 'P2 outer']);
  });

  test('overloads are told apart by the types of their parameters', async () => {
    const overload = (type: string, line: string) =>
      `  int size(${type} value) {\n    ${line}\n    return 1;\n  }\n`;
    const before = `class A {\n${overload('int', 'log(value);')}${overload('String', 'trim(value, 1, 2, 3);')}}\n`;
    const after = `class A {\n${overload('String', 'log(value);')}${overload('int', 'trim(value, 1, 2, 3);')}}\n`;
    const { records } = await buildFixes([{ files: [file(before, after, 'A.java')] }], { strict: false });
    const types = records.map(({ code, set, pair }) => [pair, set, /size\((\w+)/.exec(code)![1]]);
    expect(types).toEqual([
      ['a/b@c0/A.java:2', 'P1', 'int'],
      ['a/b@c0/A.java:2', 'P2', 'int'],
      ['a/b@c0/A.java:6', 'P1', 'String'],
      ['a/b@c0/A.java:6', 'P2', 'String'],
    ]);
  });

  test('a source that is too long or nested too deep is counted, not parsed', async () => {
    const deep = `function deep() { return ${'(\n'.repeat(5000)}1${')\n'.repeat(5000)}; }\n`;
    const { info } = await buildFixes([
      { files: [file(deep, `${deep}x();`), file(read(''), read(check), 'lib/a.js')] },
    ]);
    expect(info.counts.files).toMatchObject({ kept: 1 });
    expect(Object.keys(info.counts.files).join()).toMatch(/brackets/);
  });

  test('an unchanged function inside a changed one is no P3', async () => {
    const outer = (end: string) => `function outer(a) {\n${idle}\n  return idle(a, ${end});\n}\n`;
    const { records } = await buildFixes([{ files: [file(outer('1'), outer('2'))] }]);
    expect(outline(records)).toEqual(['P1 outer', 'P2 outer']);
  });

  test('a deleted and an added function are no labels; a named one that was deleted is vulnerable', async () => {
    const added = 'function extra(value) {\n  return value * 2 + 1;\n}\n';
    const files = [file(read('') + idle, idle.replace('<', '<=') + added)];
    expect(outline((await buildFixes([{ files }])).records)).toEqual(['P1 idle', 'P2 idle']);
    const named = await buildFixes([{ files, named: [{ name: 'read' }] }], {
      namedOnly: true,
      outDir: join(folder.path, 'n'),
    });
    expect(outline(named.records)).toEqual(['P1 read']);
    expect(named.records[0]).not.toHaveProperty('pair');
  });

  test('a function that does not parse is left out, the others are kept', async () => {
    const broken = 'function broken(a) {\n  return a +* 2;\n}\n';
    const { records, info } = await buildFixes([{ files: [file(read('') + broken, read(check) + broken)] }]);
    expect(outline(records)).toEqual(['P1 read', 'P2 read']);
    expect(info.counts.functions['does not parse']).toBe(1);
  });
});

describe('which fixes', () => {
  const two = { files: [file(read('') + idle, read(check) + idle.replace('<', '<='))] };
  const one = { files: [file(read(''), read('log(name);'), 'lib/other.js')] };

  test('strict: those that changed exactly one function outside tests', async () => {
    const inTests = { files: [...one.files, file(idle, idle.replace('<', '>'), 'test/idle.js')] };
    const { records, info } = await buildFixes([two, inTests], { negatives: 'none' });
    expect(records.map(({ set, commit }) => `${set} ${commit}`)).toEqual(['P1 c1', 'P2 c1']);
    expect(info.counts.fixes).toEqual({ kept: 1, 'more than one function changed': 1 });
    expect(info.found.changedPairs).toBe(3);
  });

  test('all of them', async () => {
    const { info } = await buildFixes([two], { strict: false });
    expect(info.counts.changed).toEqual({ kept: 2 });
  });

  test('at most n functions', async () => {
    const { info } = await buildFixes([two], { maxChangedFunctions: 2 });
    expect(info.counts.fixes).toEqual({ kept: 1 });
  });

  test('nothing left is an error that says why', async () => {
    await expect(buildFixes([two])).rejects.toMatchObject({
      code: 'DATASET_NOTHING_BUILT',
      message: expect.stringContaining('more than one function changed: 1'),
      hint: expect.stringContaining('--no-strict'),
    });
  });

  test('no fix at all is an error with another hint', async () => {
    await expect(buildFixes([])).rejects.toMatchObject({
      code: 'DATASET_NOTHING_BUILT',
      message: expect.stringContaining('no fix'),
      hint: expect.stringContaining('messages'),
    });
  });

  test('sources get a whole path of the cache, and the output is none of them', async () => {
    const source = fixSource([{ files: [file(read(''), read(check))] }]);
    const caches: string[] = [];
    const units = (context: SourceContext) => {
      caches.push(context.cacheDir);
      return source.units(context);
    };
    const cacheDir = relative(process.cwd(), join(folder.path, 'cache'));
    const outDir = join(folder.path, 'out');
    await build(folder.path, { sources: [{ ...source, units }], cacheDir, outDir });
    expect(caches).toEqual([join(folder.path, 'cache')]);
    const own = { ...source, info: { name: 'test', location: outDir } };
    await expect(build(folder.path, { sources: [own], outDir })).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
  });
});

describe('duplicates and contradictions', () => {
  const fix = (before: string, after: string) => ({ files: [file(before, after)] });

  test('a text is in the dataset once, also with other comments', async () => {
    const again = fix(read('// a comment'), read(`${check} // the fix`));
    const { records, info } = await buildFixes([fix(read(''), read(check)), again]);
    expect(outline(records)).toEqual(['P1 read', 'P2 read']);
    expect(info.counts.changed).toEqual({ kept: 1, duplicate: 1 });
  });

  test('what one fix left vulnerable and the next one fixed has both labels: dropped, the rest is a pair', async () => {
    const versions = [read(''), read('log(name);'), read('warn(name);'), read(check)];
    const fixes = [2, 0, 1].map((at) => fix(versions[at]!, versions[at + 1]!));
    const { records, info } = await buildFixes(fixes);
    expect(records.map(({ code, set }) => [set, code])).toEqual([
      ['P2', versions[3]!.trimEnd()],
      ['P1', versions[0]!.trimEnd()],
    ]);
    expect(new Set(records.map(({ pair }) => pair))).toEqual(new Set(['a/b@c0/lib/read.js:1 and another']));
    expect(info.counts.changed).toEqual({
      'kept, of fixes in a row: before the first and after the last': 2,
      'both labels (conflict)': 1,
    });
  });

  test('a fix and its reversal: both versions have both labels', async () => {
    const other = { files: [file(idle, idle.replace('<', '<='))] };
    const { records, info } = await buildFixes([
      fix(read(''), read(check)),
      fix(read(check), read('')),
      other,
    ]);
    expect(outline(records)).toEqual(['P1 idle', 'P2 idle']);
    expect(info.counts.changed).toEqual({ 'both labels (conflict)': 2, kept: 1 });
  });

  test('an unchanged function that another fix changed is no P3, whether that fix is kept or not', async () => {
    const big = { files: [file(idle + read(''), idle.replace('<', '<=') + read('x();'), 'lib/two.js')] };
    const { records, info } = await buildFixes([big, fix(read('') + idle, read(check) + idle)]);
    expect(outline(records)).toEqual(['P1 read', 'P2 read']);
    expect(info.counts.unchanged).toEqual({ 'changed by another fix': 1 });
  });

  test('--exclude leaves out what another dataset holds, exactly or nearly', async () => {
    const long = (word: string) => alike('long', word);
    const test = join(folder.path, 'other.jsonl');
    const code = [read('// their comment'), long('another')];
    writeFileSync(test, code.map((text) => `${JSON.stringify({ code: text, target: 1 })}\n`).join(''));
    const { records, info } = await buildFixes(
      [fix(read(''), read(check)), fix(idle + long('same'), idle.replace('<', '<=') + long('same'))],
      { exclude: [test] },
    );
    expect(outline(records)).toEqual(['P1 idle', 'P2 idle']);
    expect(info.counts.changed).toEqual({ kept: 1, 'in an excluded dataset': 1 });
    expect(info.counts.unchanged).toEqual({ 'in an excluded dataset': 1 });
  });
});

/** Functions of one name that differ in one word of many. */
const alike = (name: string, word: string) => {
  const lines = Array.from({ length: 60 }, (_, at) => `  step${at}(name${at}, ${at});\n`).join('');
  return `function ${name}(a) {\n${lines}  return ${word};\n}\n`;
};

/** Functions that have little in common with each other. */
const distinct = (number: number, sign = '<') => {
  const words = Array.from({ length: 8 }, (_, at) => `word${number}x${at}`);
  return `function f${number}(${words[0]}) {\n  ${words.join(`(${number});\n  `)};\n  return ${words[7]} ${sign} ${words[0]};\n}\n`;
};
/** A fix of one function, beside `others` unchanged ones. */
const fixOf = (number: number, others = 2) => {
  const rest = Array.from({ length: others }, (_, at) => distinct(1000 + number * 100 + at)).join('');
  return {
    files: [file(distinct(number) + rest, distinct(number, '<=') + rest)],
    project: `p${number % 5}/x`,
  };
};

describe('unchanged functions and parts', () => {
  const fixes = Array.from({ length: 20 }, (_, number) => fixOf(number));

  test('--ratio: each fix its share, the same for the same seed', async () => {
    const first = await buildFixes(fixes, { ratio: 1 });
    const negatives = first.records.filter(({ set }) => set === 'P3');
    expect(new Set(negatives.map(({ commit }) => commit)).size).toBe(20);
    expect(negatives).toHaveLength(20);
    expect(first.info.counts.unchanged).toEqual({ kept: 20, 'not needed for the ratio': 20 });
    expect((await buildFixes(fixes, { ratio: 1, seed: 7 })).bytes['train.jsonl']).not.toBe(
      first.bytes['train.jsonl'],
    );
  });

  test('other-projects takes unchanged functions of fixes that are left out, too', async () => {
    const wide = {
      files: [
        file(
          distinct(90) + distinct(91) + distinct(92),
          distinct(90, '<=') + distinct(91, '<=') + distinct(92),
        ),
      ],
    };
    const { records } = await buildFixes([fixOf(1), wide], { negatives: 'other-projects' });
    expect(outline(records)).toEqual(['P1 f1', 'P2 f1', 'P3 f1100', 'P3 f1101', 'P3 f92']);
  });

  test('same-files: only of files with a vulnerable function', async () => {
    const added = file(distinct(93), distinct(93) + distinct(94), 'lib/added.js');
    const fix = { files: [...fixOf(1).files, added] };
    expect((await buildFixes([fix], { negatives: 'same-files' })).info.counts.unchanged).toEqual({
      kept: 2,
      'in a file without a vulnerable function': 1,
    });
  });

  test.each(['commit', 'project', 'time'] as const)(
    'split by %s: no commit and no CVE crosses',
    async (split) => {
      const dated = fixes.map((fix, number) => ({
        ...fix,
        date: `2020-01-${String(number + 1).padStart(2, '0')}`,
        cve: [`CVE-${number % 5}-${number < 10 ? 1 : 2}`],
      }));
      const { records } = await buildFixes(dated, {
        split,
        fractions: { train: 0.6, valid: 0.2, test: 0.2 },
      });
      expect(new Set(records.map((record) => record.split)).size).toBe(3);
      const keys =
        split === 'project' ? (['commit', 'cve', 'project'] as const) : (['commit', 'cve'] as const);
      for (const key of keys) {
        const sides = new Map<unknown, string>();
        for (const record of records) {
          if (record[key] === undefined) continue;
          expect(sides.get(record[key]) ?? record.split).toBe(record.split);
          sides.set(record[key], record.split);
        }
      }
    },
  );

  test('an unchanged function with a near duplicate on another side is dropped', async () => {
    const copies = fixes.map(({ files: [changed], ...fix }, number) => ({
      ...fix,
      files: [
        file(changed!.before! + alike('shared', `${number}`), changed!.after! + alike('shared', `${number}`)),
      ],
    }));
    const { records, info } = await buildFixes(copies);
    const sides = new Set(records.filter((r) => r.function_name === 'shared').map((record) => record.split));
    expect(sides.size).toBe(1);
    expect(info.counts.unchanged['near duplicate on another side of the split']).toBeGreaterThan(0);
    expect(records.filter(({ set }) => set === 'P1')).toHaveLength(20);
  });
});

describe('the same bytes', () => {
  const fixes = Array.from({ length: 12 }, (_, number) => fixOf(number, 4));

  test('whatever finishes first, and in another folder', async () => {
    const first = await buildFixes(fixes);
    const slow = fixSource(fixes, (fix) => new Promise((resolve) => setTimeout(resolve, (fix * 7) % 5)));
    const other = temporaryFolder();
    try {
      expect((await build(other.path, { sources: [slow] })).bytes).toEqual(first.bytes);
    } finally {
      other.remove();
    }
  });

  test('a fix that a source names twice is analysed once', async () => {
    const once = fixSource(fixes.slice(0, 1));
    const read: number[] = [];
    const watched = fixSource(fixes.slice(0, 1), (fix) => void read.push(fix));
    const twice = {
      ...once,
      async *units(context: SourceContext) {
        yield* watched.units(context);
        yield* watched.units(context);
      },
    };
    const first = await build(folder.path, { sources: [once], cacheDir: join(folder.path, 'once') });
    expect((await build(folder.path, { sources: [twice] })).bytes['train.jsonl']).toBe(
      first.bytes['train.jsonl'],
    );
    expect(read).toEqual([0]);
  });

  test('stopped half-way and run again: goes on, and nothing was written before', async () => {
    const whole = await buildFixes(fixes, { cacheDir: join(folder.path, 'whole') });
    const outDir = join(folder.path, 'later');
    const stop = new AbortController();
    const stopping = fixSource(fixes, (fix) => {
      if (fix === 6) stop.abort();
    });
    const stopped = build(folder.path, { sources: [stopping], outDir, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'DATASET_BUILD_STOPPED', exitCode: 130 });
    expect(() => readBuilt(outDir)).toThrow(/ENOENT/);
    const readAgain: number[] = [];
    const again = await build(folder.path, {
      sources: [fixSource(fixes, (fix) => void readAgain.push(fix))],
      outDir,
    });
    expect(again.bytes).toEqual(whole.bytes);
    expect(readAgain).not.toContain(0);
    expect(readAgain).toContain(11);
  });
});

describe('a large source of records', () => {
  const RECORDS = 20_000;
  /** Counts what is read, and stops the build after some. */
  const source = (cacheKey: string, onRecord: (number: number) => void = () => {}): RecordSource => ({
    kind: 'records',
    info: { name: 'set', location: 'here' },
    cacheKey,
    async *records({ tally, onShare }) {
      tally.add('no code', 3);
      for (let i = 0; i < RECORDS; i++) {
        onRecord(i);
        onShare?.((i + 1) / RECORDS);
        // Neighbours are a pair, also where one gathered file ends and the next begins.
        const pair = `p${Math.ceil(i / 2)}`;
        yield { code: `int f${i}(int x) { return ${i * 7} + x * ${i}; }`, target: (i % 2) as 0 | 1, pair };
      }
    },
  });
  const buildOnce = (name: string, from: RecordSource, signal?: AbortSignal) =>
    buildDataset({
      sources: [from],
      outDir: join(folder.path, name),
      cacheDir: join(folder.path, 'cache'),
      threads: 1,
      ...(signal === undefined ? {} : { signal }),
    });

  test('stopped half-way it goes on from what is gathered; the same bytes as in one go; then read no more', async () => {
    const stop = new AbortController();
    const stopping = source('k', (i) => {
      if (i === RECORDS - 1000) stop.abort();
    });
    await expect(buildOnce('out', stopping, stop.signal)).rejects.toMatchObject({
      code: 'DATASET_BUILD_STOPPED',
    });
    const gathered = readdirSync(join(folder.path, 'cache', 'gathered'), { recursive: true }).filter((path) =>
      String(path).endsWith('.jsonl'),
    );
    expect(gathered).toHaveLength(1);
    const { info } = await buildOnce('out', source('k'));
    expect(info.counts.files).toEqual({ 'no code': 3 });
    let reads = 0;
    const again = await buildOnce(
      'again',
      source('k', () => reads++),
    );
    expect(reads).toBe(0);
    expect(again.info).toEqual(info);
    const { info: whole } = await buildOnce('whole', source('another'));
    expect(whole.splits).toEqual(info.splits);
    const pairs = new Map<string, Set<string>>();
    const ids = new Set<string>();
    for (const split of ['train', 'valid', 'test']) {
      for (const line of readFileSync(join(folder.path, 'out', `${split}.jsonl`), 'utf8')
        .trimEnd()
        .split('\n')) {
        const { id, pair } = JSON.parse(line) as { id: string; pair: string };
        ids.add(id);
        pairs.set(pair, (pairs.get(pair) ?? new Set()).add(split));
      }
    }
    expect(ids.size).toBe(RECORDS);
    expect(ids.has(`set:${RECORDS}`)).toBe(true);
    expect([...pairs.values()].filter(({ size }) => size > 1)).toEqual([]);
  });
});

test('records with labels of their own: conflicts and duplicates out, their parts kept', async () => {
  const record = (code: string, target: 0 | 1, split: string) => ({
    code,
    target,
    split,
    language: 'javascript',
  });
  const own = [
    record(distinct(1), 1, 'train'),
    record(distinct(2), 0, 'test'),
    record(`// again\n${distinct(2)}`, 0, 'test'),
    record(distinct(3), 0, 'valid'),
    record(distinct(3), 1, 'valid'),
  ];
  const { records, info } = await build(folder.path, {
    sources: [
      {
        kind: 'records',
        info: { name: 'set', location: 'here' },
        async *records() {
          yield* own;
        },
      },
    ],
    split: 'predefined',
  });
  expect(records).toEqual([
    { ...own[0], id: 'set:1' },
    { ...own[1], id: 'set:2' },
  ]);
  expect(info.counts.labelled).toEqual({ kept: 2, duplicate: 1, 'both labels (conflict)': 2 });
});
