import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BuildOptions,
  stateOptions,
  workerThreads,
} from '../../../src/dataset/builder/build-options.ts';
import { isSameBuild } from '../../../src/dataset/builder/same-build.ts';
import type { DatasetSource } from '../../../src/dataset/source.ts';

let outDir = '';
beforeEach(() => {
  outDir = mkdtempSync(join(tmpdir(), 'vultune-same-build-'));
});
afterEach(() => rmSync(outDir, { recursive: true }));

const source = (location: string) => ({ info: { name: 'git', location } }) as DatasetSource;
const options = (changed: Partial<BuildOptions> = {}): BuildOptions => ({
  sources: [source('fixes.csv')],
  outDir,
  cacheDir: 'cache',
  ...changed,
});

function hold(text: string): void {
  writeFileSync(join(outDir, 'dataset.json'), text);
}

test('the same sources and options, whatever a source has told of itself since', () => {
  hold(
    JSON.stringify({
      sources: [{ name: 'git', location: 'fixes.csv', matched: [] }],
      options: stateOptions(options(), []),
    }),
  );
  expect(isSameBuild(options())).toBe(true);
  expect(isSameBuild(options({ seed: 7 }))).toBe(false);
  expect(isSameBuild(options({ sources: [source('others.csv')] }))).toBe(false);
  expect(isSameBuild(options({ exclude: ['held-out'] }))).toBe(false);
});

test('a file that is no dataset.json is of no build', () => {
  expect(isSameBuild(options())).toBe(false);
  for (const text of ['', '{', '{}', '[]', '{"sources":[],"options":3}']) {
    hold(text);
    expect(isSameBuild(options()), text).toBe(false);
  }
});

test('a build needs a worker thread', () => {
  expect(workerThreads({ threads: 3 })).toBe(3);
  expect(workerThreads({})).toBeGreaterThan(0);
  expect(() => workerThreads({ threads: 0 })).toThrow('threads is 0, expected an integer >= 1');
});
