/** @file A dataset's file from the hub: fetched once, offline from then on, and errors that say what is there. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchHubDataset, isHubDataset } from '../../../../src/checkpoint/sources/hub-dataset.ts';
import type { ResolveOptions } from '../../../../src/checkpoint/sources/model-source.ts';
import { COMMIT_B, type FakeHub, startFakeHub } from '../../../support/fake-hub.ts';

let hub: FakeHub;
let cacheDir = '';
beforeEach(async () => {
  hub = await startFakeHub();
  cacheDir = mkdtempSync(join(tmpdir(), 'vultune-hub-dataset-'));
  hub.files = {
    'README.md': new TextEncoder().encode('# functions'),
    'data/train.csv': new TextEncoder().encode('func,vul\nf(),1\n'),
    'data/large.jsonl': new TextEncoder().encode('{"code":"f()","target":1}\n'.repeat(100)),
  };
});
afterEach(async () => {
  await hub.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const fetchFile = (reference: string, options: ResolveOptions = {}) =>
  fetchHubDataset(reference, { cacheDir, hubUrl: hub.url, ...options });

test('a file in a folder: once, by its commit too, and offline from then on', async () => {
  const path = await fetchFile('hub:org/functions/data/train.csv');
  expect(readFileSync(path, 'utf8')).toBe('func,vul\nf(),1\n');
  hub.requests.length = 0;
  expect(await fetchFile('hub:org/functions/data/train.csv')).toBe(path);
  expect(hub.requests.filter((line) => line.includes('/resolve/'))).toEqual([]);
  expect(await fetchFile('hub:org/functions/data/train.csv', { offline: true })).toBe(path);
  await expect(fetchFile('hub:org/functions/data/large.jsonl', { offline: true })).rejects.toMatchObject({
    code: 'MODEL_NOT_CACHED',
  });
  hub.commit = COMMIT_B;
  expect(await fetchFile(`hub:org/functions@${COMMIT_B}/data/large.jsonl`)).toContain(COMMIT_B);
});

test('a file that is not there: what is', async () => {
  await expect(fetchFile('hub:org/functions/data/trian.csv')).rejects.toMatchObject({
    code: 'DATASET_FILE_MISSING',
    hint: 'the folder holds data/train.csv, data/large.jsonl',
  });
});

test.each([
  'hub:functions/train.csv',
  'hub:org/functions',
  'hub:org/functions/../x',
  'hub:org/functions/a//b',
])('what is not a reference: %s', async (reference) => {
  expect(isHubDataset(reference)).toBe(true);
  await expect(fetchFile(reference)).rejects.toMatchObject({ code: 'DATASET_REFERENCE' });
  expect(hub.requests).toEqual([]);
});

test('bytes that are not those that the hub announced are refused', async () => {
  hub.corrupt = 'data/large.jsonl';
  await expect(fetchFile('hub:org/functions/data/large.jsonl')).rejects.toMatchObject({
    code: 'MODEL_HASH_MISMATCH',
  });
});
