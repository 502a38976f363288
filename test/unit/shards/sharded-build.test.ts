/** @file A dataset built in shards, each with a cache of its own as on another machine, against the whole build: the same bytes. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatherShard } from '../../../src/dataset/builder/shards/gather-shard.ts';
import { openShards } from '../../../src/dataset/builder/shards/open-shards.ts';
import type { BuildProgress } from '../../../src/dataset/progress.ts';
import type { ChangeSource, RecordSource } from '../../../src/dataset/source.ts';
import { build, type Fix, fixSource } from '../../support/fix-source.ts';

const COUNT = 4;
let folder = '';
let parts: readonly string[];

const text = (i: number, change = '') =>
  `int vulnerable${i}(char *a) {\n  int n = ${i};\n${change}  return copy(a, n * ${i + 3});\n}\nint beside${i}(int b) { return b + ${i} * use(b); }\n`;

const fixes: readonly Fix[] = Array.from({ length: 20 }, (_, i) => ({
  project: `p/${i % 3}`,
  files: [{ path: `f${i}.c`, before: text(i), after: text(i, '  if (n > 4) return -1;\n') }],
}));

/** Labelled records without a key that holds on one machine only, or with one. */
function recordSource(cacheKey?: string): RecordSource {
  return {
    kind: 'records',
    info: { name: 'labelled', location: 'records' },
    ...(cacheKey === undefined ? {} : { cacheKey }),
    async *records({ tally }) {
      for (let i = 0; i < 40; i++) {
        if (i % 10 === 9) yield { code: 'int without(int a) { return a; }' };
        else
          yield {
            id: `r${i}`,
            code: `int own${i}(int a) { return g(a) + ${i} * h(a); }`,
            target: i % 2 === 0 ? 1 : 0,
          };
      }
      tally.add('row that is not a function');
    },
  };
}

const sources = (machine: number) => [fixSource(fixes), recordSource(`cache key of machine ${machine}`)];

const shardOptions = (index: number, name = 'parts') => ({
  sources: sources(index),
  shard: { index, count: COUNT },
  outDir: join(folder, name, String(index)),
  cacheDir: join(folder, `cache-${name}-${index}`),
  threads: 1,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-build-shards-'));
  const own: number[] = [];
  for (let index = 1; index <= COUNT; index++) own.push((await gatherShard(shardOptions(index))).own);
  // Every fix, the one stretch of records, and what their source left out.
  expect(own.reduce((sum, one) => sum + one, 0)).toBe(fixes.length + 2);
  parts = Array.from({ length: COUNT }, (_, i) => join(folder, 'parts', String(i + 1)));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const merge = (name: string, merged: readonly string[], machine = 9) =>
  build(folder, {
    sources: sources(machine),
    outDir: join(folder, name),
    cacheDir: join(folder, `cache-${name}`),
    threads: 1,
    merge: merged,
  });

test('four parts give the bytes of the whole build, and put nothing into the cache', async () => {
  const whole = await build(folder, { sources: sources(0), outDir: join(folder, 'whole'), threads: 1 });
  const merged = await merge('merged', parts.toReversed());
  expect(whole.records.length).toBeGreaterThan(60);
  expect(merged.bytes).toEqual(whole.bytes);
  expect(() => readdirSync(join(folder, 'cache-merged', 'gathered'))).toThrow('ENOENT');
});

test("the progress of a part is that of the shard's own fixes", async () => {
  let fixesDone = 0;
  for (let index = 1; index <= COUNT; index++) {
    let last = { done: 0, total: 0 };
    const onProgress = (progress: BuildProgress) => (last = progress);
    const { own } = await gatherShard({
      ...shardOptions(index, 'told'),
      sources: [fixSource(fixes)],
      onProgress,
    });
    expect(last).toMatchObject({ done: own, total: own });
    fixesDone += own;
  }
  expect(fixesDone).toBe(fixes.length);
});

test("what a source says between two units stands beside the shard's own progress", async () => {
  const source = fixSource(fixes);
  const told: BuildProgress[] = [];
  const saying: ChangeSource = {
    ...source,
    async *units(context) {
      context.onMessage?.('opening one');
      yield* source.units(context);
      context.onMessage?.('opening another');
    },
  };
  const onProgress = (progress: BuildProgress) => void told.push(progress);
  const { own } = await gatherShard({ ...shardOptions(1, 'saying'), sources: [saying], onProgress });
  const opening = told.filter(({ message }) => message.startsWith('opening'));
  expect(opening).toEqual([
    { phase: 'fetch', done: 0, total: fixes.length / COUNT, message: 'opening one' },
    { phase: 'fetch', done: expect.any(Number), total: own, message: 'opening another' },
  ]);
});

test('of labelled records, those of another shard are not counted', async () => {
  const many: RecordSource = {
    kind: 'records',
    info: { name: 'labelled', location: 'many records' },
    async *records({ onShare }) {
      onShare?.(1);
      for (let i = 0; i < 512; i++) {
        yield {
          id: `m${i}`,
          code: `int many${i}(int a) { return g(a) + ${i} * h(a); }`,
          target: i % 2 === 0 ? 1 : 0,
        };
      }
    },
  };
  const done: number[] = [];
  for (let index = 1; index <= COUNT; index++) {
    let last = { done: 0, total: 0 };
    const onProgress = (progress: BuildProgress) => (last = progress);
    await gatherShard({ ...shardOptions(index, 'many'), sources: [many], onProgress });
    expect(last.total).toBe(last.done);
    done.push(last.done);
  }
  // One stretch, which is one shard's.
  expect(done.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 512]);
});

test('a part that is missing, twice, or of other sources is refused by name', async () => {
  await expect(merge('missing', parts.slice(1))).rejects.toThrow('a part is missing: --shard 1/4');
  await expect(merge('twice', [...parts, parts[2]!])).rejects.toThrow('are both shard 3/4');
  const other = build(folder, {
    sources: [fixSource(fixes)],
    outDir: join(folder, 'other'),
    threads: 1,
    merge: parts,
  });
  await expect(other).rejects.toThrow('differ in sources');
});

test('sources that changed since are refused', async () => {
  const changed = [
    ...fixes.slice(1),
    { files: [{ path: 'new.c', before: text(99), after: text(99, '  n++;\n') }] },
  ];
  const withSources = (list: readonly Fix[], name: string) =>
    build(folder, {
      sources: [fixSource(list), recordSource()],
      outDir: join(folder, name),
      threads: 1,
      merge: parts,
    });
  await expect(withSources(changed, 'changed')).rejects.toThrow('a fix that no part has');
  await expect(withSources(fixes.slice(0, 19), 'fewer')).rejects.toThrow(
    'fixes that the sources do not have',
  );
  const one = { ...shardOptions(2, 'newer'), sources: [fixSource(changed), recordSource()] };
  await gatherShard(one);
  const mixed = [parts[0]!, one.outDir, parts[2]!, parts[3]!];
  await expect(merge('mixed', mixed)).rejects.toThrow('parts of different inputs');
});

test('a unit that was changed is refused, whether its checksum fits or not', async () => {
  const broken = { ...shardOptions(1, 'broken') };
  await gatherShard(broken);
  const units = join(broken.outDir, 'gathered');
  const [first] = readdirSync(units).map((name) => join(units, name, readdirSync(join(units, name))[0]!));
  const before = readFileSync(first!, 'utf8');
  appendFileSync(first!, 'x');
  await expect(openShards([broken.outDir, ...parts.slice(1)], sources(9))).rejects.toThrow(
    'cut short or was changed',
  );
  writeFileSync(first!, before);
  rmSync(first!);
  await expect(openShards([broken.outDir, ...parts.slice(1)], sources(9))).rejects.toThrow(
    'missing, cut short',
  );
});

test('a folder that holds something else is not written into', async () => {
  const taken = shardOptions(1, 'taken');
  await gatherShard(taken);
  writeFileSync(join(taken.outDir, 'notes.txt'), 'mine');
  await expect(gatherShard(taken)).rejects.toThrow('holds something else than a part: notes.txt');
});
