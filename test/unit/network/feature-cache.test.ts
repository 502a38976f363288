import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FeatureCache, type FeatureCacheOptions } from '../../../src/network/feature-cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-features-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const D = 4;

/** A new one is what a new process has. */
const open = (options: Partial<FeatureCacheOptions> = {}) =>
  new FeatureCache({
    folder,
    maxBytes: 1e6,
    modelFingerprint: 'a model',
    layerCount: 3,
    hiddenSize: D,
    ...options,
  });

const features = (ids: readonly number[], factor = 0.1) =>
  Float32Array.from({ length: ids.length * D }, (_, i) => factor * (i + ids[0]!));

const files = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

const totalBytes = () => files().reduce((sum, path) => sum + statSync(path).size, 0);

/** One function's file: its name is not for others to know, so it is found by what a write adds. */
function writtenFile(cache: FeatureCache, ids: readonly number[]): string {
  const before = new Set(files());
  cache.write(ids, features(ids));
  return files().find((path) => !before.has(path))!;
}

const FILE_BYTES = (tokens: number) => 4 * D * tokens + 4;

test('what was written is read, in this process and the next', () => {
  const functions = [[1], [2, 3], Array.from({ length: 700 }, (_, i) => i)];
  const cache = open();
  for (const ids of functions) cache.write(ids, features(ids));
  for (const reader of [cache, open()]) {
    for (const ids of functions) expect(reader.read(ids)).toEqual(features(ids));
    expect(reader.read([1, 1])).toBeUndefined();
    expect(reader.read([3, 2])).toBeUndefined();
  }
});

test.each<[string, Partial<FeatureCacheOptions>]>([
  ['another model', { modelFingerprint: 'another model' }],
  ['another depth', { layerCount: 4 }],
  ['another size', { hiddenSize: 2 * D }],
])('%s has other features', (_what, other) => {
  open().write([1, 2], features([1, 2]));
  expect(open(other).read([1, 2])).toBeUndefined();
  expect(open().read([1, 2])).toEqual(features([1, 2]));
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['empty', () => Buffer.alloc(0)],
  ['cut short', (bytes) => bytes.subarray(0, bytes.length - 4)],
  ['longer', (bytes) => Buffer.concat([bytes, Buffer.alloc(4)])],
  ['as long, but zeros', (bytes) => Buffer.alloc(bytes.length)],
  ['changed in one bit', (bytes) => Buffer.from(bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte)))],
])('a file that is %s is a miss, and is replaced', (_what, damage) => {
  const path = writtenFile(open(), [1, 2]);
  writeFileSync(path, damage(readFileSync(path)));
  const cache = open();
  expect(cache.read([1, 2])).toBeUndefined();
  cache.write([1, 2], features([1, 2]));
  expect(cache.read([1, 2])).toEqual(features([1, 2]));
  expect(open().read([1, 2])).toEqual(features([1, 2]));
});

test('never larger than allowed; what does not fit is not kept, what is kept stays', () => {
  const maxBytes = 3 * FILE_BYTES(2);
  const cache = open({ maxBytes });
  const functions = Array.from({ length: 8 }, (_, i) => [i, i]);
  for (const ids of functions) {
    cache.write(ids, features(ids));
    expect(totalBytes()).toBeLessThanOrEqual(maxBytes);
  }
  const kept = functions.map((ids) => cache.read(ids) !== undefined);
  expect(kept).toEqual([true, true, true, false, false, false, false, false]);
});

test('a function that comes twice counts once', () => {
  const cache = open({ maxBytes: 3 * FILE_BYTES(1) });
  for (const ids of [[1], [1], [1], [2], [3]]) cache.write(ids, features(ids));
  expect([[1], [2], [3]].map((ids) => cache.read(ids))).toEqual([[1], [2], [3]].map((ids) => features(ids)));
});

test('a function larger than everything allowed throws nothing else away', () => {
  open().write([1], features([1]));
  const cache = open({ maxBytes: 2 * FILE_BYTES(1) });
  const long = [1, 2, 3, 4, 5, 6];
  cache.write(long, features(long));
  expect(cache.read(long)).toBeUndefined();
  cache.write([2], features([2]));
  expect([cache.read([1]), cache.read([2])]).toEqual([features([1]), features([2])]);
});

test('room is made of what was not used longest, and never of what this process reads or writes', () => {
  const maxBytes = 4 * FILE_BYTES(1);
  const before = open({ maxBytes });
  // Written as [4], [3], [2], [1]; last used in the order of their numbers.
  for (const id of [4, 3, 2, 1]) {
    const path = writtenFile(before, [id]);
    utimesSync(path, 1e9 + id, 1e9 + id);
  }
  const cache = open({ maxBytes });
  expect(cache.read([1])).toBeDefined();
  cache.write([5], features([5]));
  expect([2, 3, 4].map((id) => open().read([id]) !== undefined)).toEqual([false, true, true]);
  for (const id of [6, 7, 8, 9]) cache.write([id], features([id]));
  expect(totalBytes()).toBeLessThanOrEqual(maxBytes);
  const there = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((id) => cache.read([id]) !== undefined);
  expect(there).toEqual([1, 5, 6, 7]);
});

test('a file of the process before, damaged and written again, is not thrown away as old', () => {
  const maxBytes = 2 * FILE_BYTES(1);
  const path = writtenFile(open(), [1]);
  writeFileSync(path, 'damaged');
  const cache = open({ maxBytes });
  cache.write([1], features([1]));
  for (const id of [2, 3, 4]) cache.write([id], features([id]));
  expect([1, 2, 3].map((id) => cache.read([id]) !== undefined)).toEqual([true, true, false]);
});

test('reading marks a file as used', () => {
  const path = writtenFile(open(), [1]);
  utimesSync(path, 1e9, 1e9);
  open().read([1]);
  expect(statSync(path).mtimeMs).toBeGreaterThan(1e12);
});

test('what killed processes left counts, and makes room', () => {
  const path = writtenFile(open(), [1]);
  const left = `${path}.12345`;
  writeFileSync(left, Buffer.alloc(FILE_BYTES(1)));
  utimesSync(left, 1e9, 1e9);
  const cache = open({ maxBytes: 2 * FILE_BYTES(1) });
  cache.write([2], features([2]));
  expect(files()).not.toContain(left);
  expect([cache.read([1]), cache.read([2])]).toEqual([features([1]), features([2])]);
});

test('a folder that cannot be written is as good as none', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const cache = open({ folder: join(file, 'features') });
  cache.write([1], features([1]));
  expect(cache.read([1])).toBeUndefined();
});

test('a folder in the way of a file is as good as a miss', () => {
  const path = writtenFile(open(), [1]);
  rmSync(path);
  mkdirSync(path);
  const cache = open();
  expect(cache.read([1])).toBeUndefined();
  cache.write([1], features([1]));
  expect(cache.read([1])).toBeUndefined();
  expect(readdirSync(path)).toEqual([]);
});
