import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileError, readTextFile, writeFileAtomic } from '../../../src/base/files.ts';

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

test.each([
  ['a name that is too long', 'x'.repeat(300), 'FILE_NAME_INVALID'],
  ['a name with a NUL byte', 'a\0b', 'FILE_NAME_INVALID'],
])('%s is an error with a code, to read and to write', (_what, name, code) => {
  const path = join(folder, name);
  const error = expect.objectContaining({ name: 'VultuneError', code, exitCode: 2 });
  expect(() => readTextFile(path)).toThrow(error);
  expect(() => writeFileAtomic(path, 'x')).toThrow(error);
  expect(() => writeFileAtomic(join(path, 'below'), 'x')).toThrow(error);
});

test('links that lead in a circle are an error with a code', () => {
  symlinkSync('b', join(folder, 'a'));
  symlinkSync('a', join(folder, 'b'));
  expect(() => readTextFile(join(folder, 'a'))).toThrow(
    expect.objectContaining({ code: 'FILE_NAME_INVALID' }),
  );
});

test.each([
  ['EFBIG', 'FILE_TOO_LARGE'],
  ['EMFILE', 'FILES_OPEN_LIMIT'],
  ['EIO', 'FILE_ERROR'],
  ['ENOTEMPTY', 'FILE_IN_THE_WAY'],
  ['EPIPE', 'PIPE_CLOSED'],
  ['EOWNERDEAD', 'FILE_ERROR'],
])('%s of the system is the error %s', (system, code) => {
  const error = Object.assign(new Error(`${system}: said so`), { code: system, errno: -1 });
  expect(fileError(error, 'file', 'write')).toMatchObject({ code, where: { file: 'file' }, cause: error });
});

test('an error that is not of the system stays as it is', () => {
  const error = new TypeError('ours');
  expect(fileError(error, 'file', 'write')).toBe(error);
});

test.skipIf(!existsSync('/dev/full'))('a device is written to, not replaced by a file', () => {
  expect(() => writeFileAtomic('/dev/full', 'x')).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
  writeFileAtomic('/dev/null', 'x');
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});

test('a link stays a link, to a file with the new content', () => {
  writeFileSync(join(folder, 'real'), 'old');
  symlinkSync('real', join(folder, 'link'));
  writeFileAtomic(join(folder, 'link'), 'new');
  expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new');
});
