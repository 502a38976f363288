import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTextFile, writeFileAtomic } from '../../../src/base/files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file is replaced whole, folders are made, no temporary file stays', () => {
  const path = join(folder, 'a/b/file.json');
  writeFileAtomic(path, 'old');
  writeFileAtomic(path, new Uint8Array([110, 101, 119]));
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(join(folder, 'a/b'))).toEqual(['file.json']);
});

test('a missing file says so', () => {
  expect(() => readTextFile(join(folder, 'absent'))).toThrow(
    expect.objectContaining({ code: 'FILE_MISSING', exitCode: 2 }),
  );
});

test('a folder where a file was expected, and a file where a folder was expected', () => {
  expect(() => readTextFile(folder)).toThrow(expect.objectContaining({ code: 'FILE_IS_FOLDER' }));
  writeFileSync(join(folder, 'file'), 'x');
  expect(() => writeFileAtomic(join(folder, 'file/below'), 'y')).toThrow(
    expect.objectContaining({ name: 'VultuneError' }),
  );
  expect(readdirSync(folder)).toEqual(['file']);
});

test.skipIf(!existsSync('/proc/self'))('a place where no folder can be made is an error, and it ends', () => {
  const error = expect.objectContaining({ code: expect.stringMatching(/^FILE_/), exitCode: 2 });
  expect(() => writeFileAtomic('/proc/vultune-absent/file', 'x')).toThrow(error);
});
