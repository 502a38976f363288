/** @file CVEfixes: a database with the published schema, made here, gives its fixes, files and functions. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, test } from 'vitest';
import type { BuildProgress } from '../../../../src/dataset/progress.ts';
import type { ChangeSource, FileChange, FixUnit } from '../../../../src/dataset/source.ts';
import { openCvefixes } from '../../../../src/dataset/sources/cvefixes.ts';
import { fileWith, folderWith, readBack } from '../../../support/dataset-file.ts';

const SCHEMA = `
  CREATE TABLE cve (cve_id TEXT, published_date TEXT, description TEXT);
  CREATE TABLE fixes (cve_id TEXT, hash TEXT, repo_url TEXT);
  CREATE TABLE commits (hash TEXT, repo_url TEXT, author TEXT, committer_date TEXT, msg TEXT, merge TEXT, parents TEXT);
  CREATE TABLE file_change (file_change_id TEXT, hash TEXT, filename TEXT, old_path TEXT, new_path TEXT,
    change_type TEXT, diff TEXT, diff_parsed TEXT, code_after TEXT, code_before TEXT, programming_language TEXT);
  CREATE TABLE method_change (method_change_id TEXT, file_change_id TEXT, name TEXT, signature TEXT, parameters TEXT,
    start_line TEXT, end_line TEXT, code TEXT, before_change TEXT);
  CREATE TABLE cwe_classification (cve_id TEXT, cwe_id TEXT);
  CREATE TABLE cwe (cwe_id TEXT, cwe_name TEXT);
  CREATE TABLE repository (repo_url TEXT, repo_name TEXT, repo_language TEXT);
`;
const REPO = 'https://host.org/owner/name';
/** SQL in a name is a name. */
const EVIL = "a'); DROP TABLE fixes;--.js";

function database({ withFiles = true } = {}): string {
  const path = join(folderWith({}), 'CVEfixes.db');
  const db = new sqlite.Database(path);
  db.exec(SCHEMA);
  const insert = (table: string, rows: readonly (readonly (string | null)[])[]) => {
    for (const row of rows) db.run(`INSERT INTO ${table} VALUES (${row.map(() => '?').join(',')})`, [...row]);
  };
  const code = (text: string | null) => (withFiles ? text : null);
  insert('fixes', [
    ['CVE-2020-0002', 'bbb', REPO],
    ['CVE-2020-0001', 'bbb', REPO],
    ['CVE-2020-0003', 'aaa', REPO],
    ['CVE-2020-0004', 'gone', REPO],
  ]);
  insert('commits', [
    ['aaa', `${REPO}.git`, 'x', '2020-01-02 03:04:05+00:00', 'fix', 'False', '[]'],
    ['bbb', `${REPO}.git`, 'x', '2020-02-02 03:04:05+00:00', 'fix', 'False', '[]'],
  ]);
  insert('cwe_classification', [
    ['CVE-2020-0001', 'CWE-79'],
    ['CVE-2020-0002', 'CWE-079'],
    ['CVE-2020-0003', 'NVD-CWE-noinfo'],
  ]);
  insert('file_change', [
    [
      'f1',
      'bbb',
      EVIL,
      `src/${EVIL}`,
      `src/${EVIL}`,
      'MODIFY',
      '',
      '',
      code('new'),
      code('old'),
      'JavaScript',
    ],
    ['f2', 'aaa', 'b.js', 'lib/b.js', 'src/b.js', 'RENAME', '', '', code('b2'), code('b1'), 'JavaScript'],
    ['f3', 'aaa', 'c.js', 'None', 'c.js', 'ADD', '', '', code('c'), code('None'), 'JavaScript'],
    ['f4', 'aaa', 'd.js', 'd.js', null, 'DELETE', '', '', null, code('d'), 'JavaScript'],
    [
      'f5',
      'aaa',
      'README.txt',
      'README.txt',
      'README.txt',
      'MODIFY',
      '',
      '',
      code('x'),
      code('y'),
      'unknown',
    ],
  ]);
  insert('method_change', [
    ['m1', 'f1', 'run', 'run( a )', '[]', '3', '5', 'run(a) { eval(a) }', 'True'],
    ['m2', 'f1', 'run', 'run( a)', '[]', '3', '6', 'run(a) { }', 'False'],
    ['m3', 'f1', 'added', 'added()', '[]', '9', '9', 'added() { }', 'False'],
    ['m4', 'f2', 'none', 'none()', '[]', '1', '1', 'None', 'True'],
  ]);
  db.close();
  return path;
}

async function collect(source: ChangeSource) {
  const leftOut: Record<string, number> = {};
  const tally = { add: (reason: string, count = 1) => (leftOut[reason] = (leftOut[reason] ?? 0) + count) };
  const { signal } = new AbortController();
  const units: { readonly unit: FixUnit; readonly files: FileChange[] }[] = [];
  for await (const unit of source.units({ tally, signal, cacheDir: '' })) {
    const files: FileChange[] = [];
    for await (const file of unit.files(tally, signal)) files.push(file);
    units.push({ unit, files });
  }
  return { units, leftOut };
}

describe('as a source of fixes', () => {
  test('commits in order, each with its vulnerabilities and its files before and after', async () => {
    const source = (await openCvefixes(database())) as ChangeSource;
    expect(source.kind).toBe('changes');
    const { units, leftOut } = await collect(source);
    expect(source.count).toBe(2);
    expect(units.map(({ unit, files }) => ({ facts: unit.facts, files }))).toEqual([
      {
        facts: { project: 'owner/name', commit: 'aaa', date: '2020-01-02', cve: ['CVE-2020-0003'], cwe: [] },
        files: [
          { path: 'src/b.js', pathBefore: 'lib/b.js', before: 'b1', after: 'b2' },
          { path: 'c.js', before: undefined, after: 'c' },
          { path: 'd.js', before: 'd', after: undefined },
        ],
      },
      {
        facts: {
          project: 'owner/name',
          commit: 'bbb',
          date: '2020-02-02',
          cve: ['CVE-2020-0001', 'CVE-2020-0002'],
          cwe: ['CWE-79'],
        },
        files: [{ path: `src/${EVIL}`, before: 'old', after: 'new' }],
      },
    ]);
    expect(leftOut).toEqual({
      'fix whose commit is not in the database': 1,
      'file that is not source code': 1,
    });
    expect(new Set(units.map(({ unit }) => unit.key)).size).toBe(2);
  });

  test('without the files, the functions of its authors', async () => {
    const source = await openCvefixes(database({ withFiles: false }));
    expect([source.kind, source.info.name]).toEqual(['records', 'cvefixes']);
  });

  test('the list of its fixes is made in the open: progress, and an ear for Ctrl-C', async () => {
    const path = database();
    const db = new sqlite.Database(path);
    db.exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO file_change (file_change_id, hash) SELECT 'x' || i, 'h' || i FROM n",
    );
    db.close();
    const source = (await openCvefixes(path)) as ChangeSource;
    const told: BuildProgress[] = [];
    const stop = new AbortController();
    const onProgress = (progress: BuildProgress) => {
      told.push(progress);
      if (told.length === 2) stop.abort();
    };
    const context = { tally: { add: () => {} }, signal: stop.signal, onProgress, cacheDir: '' };
    await expect(source.units(context)[Symbol.asyncIterator]().next()).rejects.toThrow('abort');
    expect(told.map(({ phase }) => phase)).toEqual(['list', 'list']);
    expect(told[1]!.done).toBeGreaterThan(told[0]!.done);
    expect(told[1]!.done).toBeLessThan(0.5);
  });

  test('no location, no file', async () => {
    await expect(openCvefixes(undefined)).rejects.toMatchObject({ code: 'SOURCE_LOCATION' });
    await expect(openCvefixes('/nowhere/x.db')).rejects.toMatchObject({ code: 'DATASET_FILE_MISSING' });
  });
});

describe('as a dataset', () => {
  test('functions before and after, tied by signature', async () => {
    const { format, records, leftOut } = await readBack(database());
    const common = {
      language: 'javascript',
      project: 'owner/name',
      path: `src/${EVIL}`,
      commit: 'bbb',
      date: '2020-02-02',
      cve: 'CVE-2020-0001',
      cves: ['CVE-2020-0001', 'CVE-2020-0002'],
      cwe: ['CWE-79'],
    };
    expect(format).toBe('cvefixes');
    expect(records).toEqual([
      {
        ...common,
        function_name: 'run',
        code: 'run(a) { eval(a) }',
        target: 1,
        set: 'P1',
        pair: 'bbb:f1:run(a)',
        start_line: 3,
        end_line: 5,
      },
      {
        ...common,
        function_name: 'run',
        code: 'run(a) { }',
        target: 0,
        set: 'P2',
        pair: 'bbb:f1:run(a)',
        start_line: 3,
        end_line: 6,
      },
      {
        ...common,
        function_name: 'added',
        code: 'added() { }',
        target: 0,
        set: 'P2',
        start_line: 9,
        end_line: 9,
      },
    ]);
    expect(leftOut).toEqual({ 'fix whose commit is not in the database': 1, 'no code': 1 });
  });

  test('is read past a lock that somebody left, and leaves none', async () => {
    const path = database();
    mkdirSync(`${path}.lock`);
    const links = () => readdirSync(tmpdir()).filter((name) => name.startsWith('vultune-sqlite-')).length;
    const linksBefore = links();
    expect((await readBack(path)).records).toHaveLength(3);
    expect(links()).toBe(linksBefore);
    expect(existsSync(`${path}-journal`)).toBe(false);
  });

  test('other databases and damaged ones are told apart', async () => {
    const other = join(folderWith({}), 'other.db');
    const db = new sqlite.Database(other);
    db.exec('CREATE TABLE users (id INTEGER)');
    db.close();
    await expect(readBack(other)).rejects.toMatchObject({
      code: 'DATASET_FORMAT_UNKNOWN',
      message: expect.stringContaining('"users"'),
    });
    const damaged = fileWith('cut.db', `SQLite format 3\0${'x'.repeat(2000)}`);
    await expect(readBack(damaged)).rejects.toMatchObject({ code: 'DATASET_SQLITE_BROKEN' });
  });
});
