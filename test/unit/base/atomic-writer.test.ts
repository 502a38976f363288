/** @file A file written piece by piece appears whole or not at all. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AtomicWriter } from '../../../src/base/atomic-writer.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-writer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('nothing is there before commit, everything after it; folders are made', () => {
  const path = join(folder, 'a', 'b.txt');
  const writer = new AtomicWriter(path);
  const long = 'x'.repeat(3 << 20);
  writer.write('é');
  writer.write(long);
  writer.write(Buffer.from('end'));
  expect(existsSync(path)).toBe(false);
  writer.commit();
  writer.discard();
  expect(readFileSync(path, 'utf8')).toBe(`é${long}end`);
  expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
});

test('discarded: an older file stays, nothing else does', () => {
  const path = join(folder, 'b.txt');
  writeFileSync(path, 'old');
  const writer = new AtomicWriter(path);
  writer.write('new');
  writer.discard();
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['b.txt']);
});

test('what the system refuses is an error with a code, and leaves nothing behind', () => {
  const path = join(folder, 'taken');
  mkdirSync(join(path, 'full'), { recursive: true });
  const writer = new AtomicWriter(path);
  writer.write('new');
  expect(() => writer.commit()).toThrow(expect.objectContaining({ code: 'FILE_IS_FOLDER' }));
  expect(readdirSync(folder)).toEqual(['taken']);
  expect(() => new AtomicWriter(join(folder, 'taken', 'full', '\0'))).toThrow();
});
