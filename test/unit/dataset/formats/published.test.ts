/** @file Each published set by its own schema: small files made here give exactly the expected records. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileWith, folderWith, jsonLines, readBack } from '../../../support/dataset-file.ts';
import { sharedFolder } from '../../../support/shared.ts';
import { zipBytes } from '../../../support/zip-writer.ts';

describe('x1', () => {
  const row = { code: 'int f() { return 1; }', commit: 'c0ffee1', function_name: 'f', cwe: 'CWE-20' };

  test('status and commit become set and pair', async () => {
    const text = jsonLines([
      { ...row, target: 1, status: 'VULNERABLE' },
      { ...row, code: 'int f() { return 2; }', target: 0, status: 'FIXED' },
      { ...row, code: 'int g() { return 3; }', function_name: 'g', target: 0, status: 'NOT_CHANGED' },
    ]);
    const { format, records } = await readBack(fileWith('x.jsonl', text));
    expect(format).toBe('x1');
    expect(records.map(({ set, pair, cwe }) => [set, pair, cwe])).toEqual([
      ['P1', 'c0ffee1:f', ['CWE-20']],
      ['P2', 'c0ffee1:f', ['CWE-20']],
      ['P3', undefined, ['CWE-20']],
    ]);
  });

  test.skipIf(sharedFolder() === undefined)('the published parts are read whole', async () => {
    const { format, placed } = await readBack(join(sharedFolder()!, 'data/x1'));
    expect(format).toBe('x1');
    expect([placed.length, placed.filter(({ split }) => split === 'train').length]).toEqual([1082, 810]);
  });
});

describe('sven', () => {
  const before = 'def f(x):\n    os.system("ls " + x)\n';
  const after = 'def f(x):\n    run(["ls", x])\n';
  const row = {
    func_name: 'f',
    func_src_before: before,
    func_src_after: after,
    line_changes: {
      deleted: [{ line_no: 2, char_start: 10, char_end: 33, line: '    os.system("ls " + x)\n' }],
      added: [{ line_no: 2, char_start: 10, char_end: 27, line: '    run(["ls", x])\n' }],
    },
    char_changes: { deleted: [], added: [] },
    commit_link: 'github.com/owner/name/commit/c55589b131828f3a595903f6796cb2d0babb772f',
    file_name: 'pkg/mod.py',
    vul_type: 'cwe-078',
  };

  test('a row becomes a pair with the lines that changed', async () => {
    const { format, records } = await readBack(fileWith('cwe-078.jsonl', jsonLines([row])));
    const commit = 'c55589b131828f3a595903f6796cb2d0babb772f';
    const common = {
      project: 'owner/name',
      path: 'pkg/mod.py',
      function_name: 'f',
      commit,
      cwe: ['CWE-78'],
      pair: `${commit}:cwe-078:f:1`,
    };
    expect(format).toBe('sven');
    expect(records).toMatchObject([
      { ...common, code: before, target: 1, set: 'P1', vulnerable_lines: [2] },
      { ...common, code: after, target: 0, set: 'P2', fixed_lines: [2] },
    ]);
  });

  test('a function that the fix removed has no partner', async () => {
    const text = jsonLines([{ ...row, func_src_after: '' }]);
    const { records, leftOut } = await readBack(fileWith('a.jsonl', text));
    expect(records.map(({ target, pair }) => [target, pair])).toEqual([[1, undefined]]);
    expect(leftOut).toEqual({ 'a side of the pair is empty': 1 });
  });

  test.skipIf(sharedFolder() === undefined)('all 803 pairs, line labels within the function', async () => {
    const { format, placed } = await readBack(join(sharedFolder()!, 'data/sven'));
    const pairs = new Set(placed.map(({ record }) => record.pair));
    expect([format, placed.length, pairs.size]).toEqual(['sven', 1606, 803]);
    for (const { record } of placed) {
      const lines = (record.vulnerable_lines ?? record.fixed_lines) as readonly number[];
      const last = record.code.split('\n').length;
      expect(lines.every((line) => line >= 1 && line <= last)).toBe(true);
    }
    expect(
      placed.filter(({ record }) => (record.vulnerable_lines as unknown[] | undefined)?.length).length,
    ).toBeGreaterThan(600);
  });
});

describe('primevul', () => {
  const row = (idx: number, target: number, func: string, commit = 'abc1234') => ({
    idx,
    project: 'linux',
    commit_id: commit,
    target,
    func,
    cwe: ['CWE-119', 'CWE-20'],
    cve: 'CVE-2019-1234',
    cve_desc: 'text',
    func_hash: 1,
    file_name: null,
  });

  test('rows become records', async () => {
    const text = jsonLines([row(7, 1, 'int a;'), row(8, 0, 'int b;')]);
    const { format, records } = await readBack(fileWith('primevul_train.jsonl', text));
    expect(format).toBe('primevul');
    expect(records).toEqual([
      {
        code: 'int a;',
        target: 1,
        id: '7',
        set: 'P1',
        project: 'linux',
        commit: 'abc1234',
        cve: 'CVE-2019-1234',
        cwe: ['CWE-119', 'CWE-20'],
      },
      {
        code: 'int b;',
        target: 0,
        id: '8',
        project: 'linux',
        commit: 'abc1234',
        cve: 'CVE-2019-1234',
        cwe: ['CWE-119', 'CWE-20'],
      },
    ]);
  });

  test('in the paired files neighbours of one commit are tied; one alone stays alone', async () => {
    const text = jsonLines([
      row(1, 1, 'int a;'),
      row(2, 0, 'int b;'),
      row(3, 1, 'int c;', 'def5678'),
      row(4, 1, 'int d;', 'fed9876'),
      row(5, 0, 'int e;', 'fed9876'),
    ]);
    const { placed, leftOut } = await readBack(fileWith('primevul_test_paired.jsonl', text));
    expect(placed.map(({ record: { id, set, pair }, split }) => [id, set, pair, split])).toEqual([
      ['1', 'P1', 'abc1234:1', 'test'],
      ['2', 'P2', 'abc1234:1', 'test'],
      ['3', 'P1', undefined, 'test'],
      ['4', 'P1', 'fed9876:4', 'test'],
      ['5', 'P2', 'fed9876:4', 'test'],
    ]);
    expect(leftOut).toEqual({ 'kept without the other half of its pair': 1 });
  });
});

test('diversevul', async () => {
  const row = {
    func: 'int a;',
    target: 1,
    cwe: ['CWE-787'],
    project: 'qemu',
    commit_id: 'abc',
    hash: 12,
    size: 3,
    message: 'm',
  };
  const { format, records } = await readBack(fileWith('diversevul.json', jsonLines([row])));
  expect(format).toBe('diversevul');
  expect(records).toEqual([
    { code: 'int a;', target: 1, set: 'P1', project: 'qemu', commit: 'abc', cwe: ['CWE-787'] },
  ]);
});

describe('devign', () => {
  const rows = [
    { project: 'FFmpeg', commit_id: '973b1a6b9070e2bf17d17568cbaf4043ce931f51', target: 0, func: 'int a;' },
    { project: 'qemu', commit_id: '321b2a6b9070e2bf17d17568cbaf4043ce931f52', target: true, func: 'int b;' },
    { project: 'qemu', commit_id: 'x', target: 1, func: ' ' },
  ];

  test.each([
    ['array', 'function.json', JSON.stringify(rows)],
    ['lines', 'train.jsonl', jsonLines(rows)],
  ])('as an %s', async (_, name, text) => {
    const { format, records, leftOut } = await readBack(fileWith(name, text));
    expect(format).toBe('devign');
    expect(records.map(({ code, target, language, project }) => [code, target, language, project])).toEqual([
      ['int a;', 0, 'c', 'FFmpeg'],
      ['int b;', 1, 'c', 'qemu'],
    ]);
    expect(leftOut).toEqual({ 'no code': 1 });
  });
});

describe('big-vul', () => {
  const header =
    ',Access Gained,CVE ID,CWE ID,Publish Date,codeLink,commit_id,func_after,func_before,lang,project,vul';
  const csv = (rows: readonly string[]) => [header, ...rows, ''].join('\r\n');

  test('a vulnerable row is a pair, another is unchanged code; cells hold quotes, commas and line ends', async () => {
    const text = csv([
      '0,None,CVE-2015-8467,CWE-264,2015-12-29,https://host.org/r,abc123d,"int f(void)\n{ return g(""b,""); }","int f(void)\n{ return g(""a,""); }",C,samba,1',
      '1,None,,,,https://host.org/r,abc123d,int h;,int h;,C++,samba,0',
      '2,None,CVE-2015-8467,CWE-264,2015-12-29,,abc123d,,int gone;,C,samba,1',
    ]);
    const { format, records, placed, leftOut } = await readBack(fileWith('MSR_data_cleaned.csv', text));
    expect(format).toBe('big-vul');
    const fix = {
      language: 'c',
      project: 'samba',
      commit: 'abc123d',
      date: '2015-12-29',
      cve: 'CVE-2015-8467',
      cwe: ['CWE-264'],
    };
    expect(records).toEqual([
      { ...fix, id: '0', code: 'int f(void)\n{ return g("a,"); }', target: 1, set: 'P1', pair: 'abc123d:0' },
      { ...fix, code: 'int f(void)\n{ return g("b,"); }', target: 0, set: 'P2', pair: 'abc123d:0' },
      { id: '1', language: 'cpp', project: 'samba', commit: 'abc123d', code: 'int h;', target: 0, set: 'P3' },
      { ...fix, id: '2', code: 'int gone;', target: 1, set: 'P1' },
    ]);
    expect(placed.map(({ line }) => line)).toEqual([2, 2, 5, 6]);
    expect(leftOut).toEqual({ 'vulnerable function without its fixed version': 1 });
  });

  test("LineVul's numbers of flawed lines count from one", async () => {
    const text = 'index,func_before,func_after,target,flaw_line_index\n9,"a\nb\nc","a\nd\nc",1,"1,2"\n';
    const { records } = await readBack(fileWith('train.csv', text));
    expect(records[0]).toMatchObject({ target: 1, vulnerable_lines: [2, 3] });
  });
});

describe('reveal', () => {
  const rows = [
    { code: 'int a;', hash: 'deadbeef1', project: 'chrome' },
    { code: 'int b;', hash: 17, project: 'debian' },
  ];

  test('the name of the file is the label', async () => {
    const folder = folderWith({
      'vulnerables.json': JSON.stringify(rows),
      'non-vulnerables.json': JSON.stringify(rows),
    });
    const { format, records } = await readBack(folder);
    expect(format).toBe('reveal');
    expect(records.map(({ target, commit, hash }) => [target, commit, hash])).toEqual([
      [0, 'deadbeef1', undefined],
      [0, undefined, '17'],
      [1, 'deadbeef1', undefined],
      [1, undefined, '17'],
    ]);
  });

  test('a name that says nothing is an error', async () => {
    await expect(readBack(fileWith('a.json', JSON.stringify(rows)))).rejects.toMatchObject({
      code: 'DATASET_LABEL',
    });
  });
});

test('vulllm: only detection is a label', async () => {
  const instruction = 'Detect whether the following code contains vulnerabilities.';
  const rows = [
    { instruction, input: 'int a;', output: 1, idx: 3 },
    { instruction, input: 'int b;', output: '0' },
    { instruction: 'Explain.', input: 'int c;', output: 'The bound is not checked.' },
  ];
  const { format, records, leftOut } = await readBack(fileWith('train_512.json', JSON.stringify(rows)));
  expect(format).toBe('vulllm');
  expect(records).toEqual([
    { code: 'int a;', target: 1, id: '3' },
    { code: 'int b;', target: 0 },
  ]);
  expect(leftOut).toEqual({ 'another task than detection': 1 });
});

test('jleaks: two archives and a table', async () => {
  const facts =
    'ID,projects,commit url,UTC of fix commit,defect method\n' +
    '1,aa/sql,https://host.com/aa/sql/commit/0123456789abcdef,2016-02-03T10:00:00Z,src/Q.java:run\n';
  const folder = folderWith({
    'all_bug_method.zip': zipBytes({
      'bug_method/jleaks-bug-1.java': 'void run() { open(); }',
      'bug_method/bug-2-x.java': 'void b() {}',
    }),
    'all_fix_method.zip': zipBytes({
      'fix_method/jleaks-fix-1.java': 'void run() { try {} }',
      'fix_method/notes.txt': 'no',
    }),
    'JLeaks.csv': facts,
  });
  const { format, records, leftOut } = await readBack(folder);
  const common = {
    language: 'java',
    project: 'aa/sql',
    path: 'src/Q.java',
    function_name: 'run',
    commit: '0123456789abcdef',
    date: '2016-02-03',
    cwe: ['CWE-772'],
    pair: 'jleaks:1',
  };
  expect(format).toBe('jleaks');
  expect(records).toEqual([
    { ...common, id: 'jleaks-bug-1', code: 'void run() { open(); }', target: 1, set: 'P1' },
    { ...common, id: 'jleaks-fix-1', code: 'void run() { try {} }', target: 0, set: 'P2' },
    { id: 'jleaks-bug-2', language: 'java', code: 'void b() {}', target: 1, set: 'P1', cwe: ['CWE-772'] },
  ]);
  expect(leftOut).toEqual({ 'kept without the other half of its pair': 1 });
});
