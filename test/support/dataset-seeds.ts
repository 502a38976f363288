/** @file Small right files of every container a dataset comes in: for tests that damage them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import h5wasm from 'h5wasm/node';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sqlite from 'node-sqlite3-wasm';
import { Header } from 'tar';

const code = (i: number) => `int f${i}(int a) { return a + ${i}; }`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

export function jsonlSeed(): Uint8Array {
  const rows = numbers(20).map((i) => ({ code: code(i), target: i % 2, cwe: ['CWE-79'], score: null }));
  return Buffer.from(rows.map((row) => `${JSON.stringify(row).replace('null', 'NaN')}\n`).join(''));
}

export const csvSeed = (): Uint8Array =>
  Buffer.from(
    `code,target,note\n${numbers(20)
      .map((i) => `"${code(i)}",${i % 2},"a ""b"""\n`)
      .join('')}`,
  );

export function parquetSeed(): Uint8Array {
  const columnData = [
    { name: 'code', data: numbers(40).map(code), type: 'STRING' as const },
    { name: 'target', data: numbers(40).map((i) => i % 2), type: 'INT32' as const },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

/** With files: their contents before and after a fix too. */
export function sqliteSeed({ withFiles = false } = {}): Uint8Array {
  const contents = withFiles ? ', filename TEXT, change_type TEXT, code_before TEXT, code_after TEXT' : '';
  return madeAt('x.db', (path) => {
    const db = new sqlite.Database(path);
    db.exec(`CREATE TABLE fixes (cve_id TEXT, hash TEXT, repo_url TEXT);
      CREATE TABLE cwe_classification (cve_id TEXT, cwe_id TEXT);
      CREATE TABLE commits (hash TEXT, committer_date TEXT);
      CREATE TABLE file_change (file_change_id TEXT, hash TEXT, old_path TEXT, new_path TEXT${contents});
      CREATE TABLE method_change (file_change_id TEXT, name TEXT, signature TEXT, start_line TEXT, end_line TEXT,
        code TEXT, before_change TEXT);`);
    db.exec('BEGIN');
    for (const i of numbers(100)) {
      db.run('INSERT INTO fixes VALUES (?, ?, ?)', [`CVE-2020-${1000 + i}`, `h${i}`, 'https://host.org/a/b']);
      const file = [
        `f${i}`,
        `h${i}`,
        'a.c',
        'a.c',
        ...(withFiles ? ['a.c', 'MODIFY', code(i), code(i + 1)] : []),
      ];
      db.run(`INSERT INTO file_change VALUES (${file.map(() => '?').join(', ')})`, file);
      db.run('INSERT INTO method_change VALUES (?, ?, ?, ?, ?, ?, ?)', [
        `f${i}`,
        'f',
        'f',
        '1',
        '1',
        code(i),
        'True',
      ]);
    }
    db.exec('COMMIT');
    db.close();
  });
}

export async function hdf5Seed(): Promise<Uint8Array> {
  await h5wasm.ready;
  return madeAt('x.hdf5', (path) => {
    const file = new h5wasm.File(path, 'w');
    file.create_dataset({ name: 'functionSource', data: numbers(20).map(code), dtype: 'S' });
    for (const name of ['CWE-119', 'CWE-120', 'CWE-469', 'CWE-476', 'CWE-other']) {
      file.create_dataset({ name, data: new Int8Array(20), dtype: '<b' });
    }
    file.close();
  });
}

export function tarSeed(): Uint8Array {
  const blocks = ['a/train.jsonl', 'a/test.jsonl', 'a/x.js'].flatMap((path) => {
    const data = Buffer.from(jsonlSeed());
    const block = Buffer.alloc(512);
    new Header({ path, type: 'File', mode: 0o644, size: data.length, mtime: new Date(0) }).encode(block, 0);
    return [block, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function madeAt(name: string, make: (path: string) => void): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-seed-'));
  try {
    make(join(folder, name));
    return readFileSync(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
