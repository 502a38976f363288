import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Detector } from '../../../src/judging/detector.ts';
import type { Judge } from '../../../src/judging/judge.ts';
import { locateAdapter } from '../../../src/judging/locate-adapter.ts';
import { openModel } from '../../../src/network/open-model.ts';
import { fileOutlineIndex, noOutlineIndex } from '../../../src/scan/cache/outline-index.ts';
import { fileScoreCache, memoryScoreCache } from '../../../src/scan/cache/score-cache.ts';
import { sealLine } from '../../../src/scan/cache/sealed-line.ts';
import { type ScanFilesOptions, scanFiles } from '../../../src/scan/scan-files.ts';

import { Notices } from '../../../src/scan/walk/notices.ts';
import type { SourceFile } from '../../../src/scan/walk/walk-tree.ts';
import { inProcessPool } from '../../support/in-process-pool.ts';
import { sharedBackend } from '../../support/ort-run.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-scan-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function source(name: string, ...bodies: readonly string[]): SourceFile {
  const path = join(folder, name);
  writeFileSync(path, bodies.map((body, i) => `function f${i}() { ${body} }\n`).join(''));
  return { path, language: 'javascript' };
}

/** The score is a digit of the text; remembers how it was called. */
function digitJudge(
  onCall: (codes: readonly string[]) => void = () => {},
): Judge & { readonly calls: string[][] } {
  const calls: string[][] = [];
  return {
    calls,
    judge: async (codes, { signal } = {}) => {
      onCall(codes);
      signal?.throwIfAborted();
      calls.push([...codes]);
      return {
        scores: Float64Array.from(codes, (code) => Number(/= (0\.\d+)/.exec(code)?.[1])),
        truncated: codes.map(() => false),
      };
    },
  };
}

async function scan(files: readonly SourceFile[], judge: Judge, options: Partial<ScanFilesOptions> = {}) {
  const found: string[] = [];
  const notices = new Notices();
  const result = await scanFiles({
    files,
    openPool: () => inProcessPool(),
    openJudge: async () => judge,
    outlines: noOutlineIndex(),
    scores: memoryScoreCache(),
    notices,
    signal: new AbortController().signal,
    onFunction: ({ file, outline, score }) =>
      found.push(`${file.path.slice(folder.length + 1)}:${outline.startLine} ${score.score}`),
    onSuppressionProblem: () => {},
    onProgress: () => {},
    ...options,
  });
  return { result, found, noticed: notices.list() };
}

describe('windows', () => {
  test('every function gets its own score, whatever is scored together', async () => {
    const files = Array.from({ length: 40 }, (_, i) =>
      source(`f${i}.js`, `x = 0.${i + 10}${'; y()'.repeat(i % 7)}`, `x = 0.9${i + 10}`),
    );
    const whole = await scan(files, digitJudge());
    expect(whole.found).toContain('f3.js:1 0.13');
    expect(whole.found).toHaveLength(80);
    for (const limits of [
      { windowFunctions: 1, functionsPerCall: 1 },
      { windowFunctions: 7, functionsPerCall: 3 },
    ]) {
      const judge = digitJudge();
      expect((await scan(files, judge, { limits })).found).toEqual(whole.found);
      expect(Math.max(...judge.calls.map((call) => call.length))).toBe(limits.functionsPerCall);
    }
  });

  test('equal texts are scored once', async () => {
    const judge = digitJudge();
    const files = [source('a.js', 'x = 0.5'), source('b.js', 'x = 0.5')];
    const { result } = await scan(files, judge);
    expect(result).toMatchObject({ complete: true, cached: 0, counts: { files: 2, functions: 2 } });
    expect(judge.calls).toHaveLength(1);
    expect(judge.calls[0]).toHaveLength(1);
  });

  test('progress ends with all functions', async () => {
    const seen: { done: number; total: number }[] = [];
    const files = Array.from({ length: 50 }, (_, i) => source(`f${i}.js`, `x = 0.${i + 10}`));
    await scan(files, digitJudge(), {
      onProgress: (progress) => seen.push(progress),
      limits: { windowFunctions: 10, functionsPerCall: 5 },
    });
    expect(seen.at(-1)).toEqual({ done: 50, total: 50 });
    for (const { done, total } of seen) expect(done).toBeLessThanOrEqual(total);
  });

  test('files that are no text are counted, and the others scanned', async () => {
    writeFileSync(join(folder, 'b.js'), Buffer.from([0, 1]));
    const files: SourceFile[] = [
      { path: join(folder, 'b.js'), language: 'javascript' },
      { path: join(folder, 'gone.js'), language: 'javascript' },
      source('a.js', 'x = 0.5'),
    ];
    const { found, noticed, result } = await scan(files, digitJudge());
    expect(found).toEqual(['a.js:1 0.5']);
    expect(result.counts.files).toBe(1);
    expect(noticed.map(({ reason }) => reason)).toEqual(['binary', 'unreadable']);
  });
});

test('functions that could not be read are counted, with their lines', async () => {
  const path = join(folder, 'a.c');
  const loop = '  for (;;) {\n    x();\n  }\n\n';
  writeFileSync(path, `int f(int a) { int x = 0.5; return a; }\nUNIT_START\n\n${loop}${loop}UNIT_STOP\n`);
  const { found, noticed } = await scan([{ path, language: 'c' }], digitJudge());
  expect(found).toEqual(['a.c:1 0.5']);
  expect(noticed).toContainEqual({
    reason: 'unread function',
    count: 2,
    files: 1,
    examples: [`${path}: lines 2-6, 8-10`],
  });
});

describe('stopped half way', () => {
  test('what was scored is told and kept; going on costs only the rest', async () => {
    const files = Array.from({ length: 20 }, (_, i) => source(`f${i}.js`, `x = 0.${i + 10}`));
    const controller = new AbortController();
    const cache = () =>
      fileScoreCache(folder, 'key', (cause) => {
        throw cause;
      });
    let calls = 0;
    const stopping = digitJudge(() => {
      if (++calls === 3) controller.abort();
    });
    const limits = { windowFunctions: 1000, functionsPerCall: 4 };
    const first = await scan(files, stopping, { scores: cache(), signal: controller.signal, limits });
    expect(first.result).toMatchObject({ complete: false, cached: 0, counts: { files: 20, functions: 8 } });
    expect(first.found).toHaveLength(8);
    const rest = digitJudge();
    const second = await scan(files, rest, { scores: cache(), limits });
    expect(second.result).toMatchObject({ complete: true, cached: 8, counts: { files: 20, functions: 20 } });
    expect(rest.calls.flat()).toHaveLength(12);
  });

  test('a call of the model is short: what Ctrl-C loses is seconds of work', async () => {
    const files = Array.from({ length: 60 }, (_, i) =>
      source(`f${i}.js`, `x = 0.${i + 10}; ${'y(); '.repeat(100)}`),
    );
    const controller = new AbortController();
    let calls = 0;
    const stopping = digitJudge(() => {
      if (++calls === 5) controller.abort();
    });
    const { result } = await scan(files, stopping, { signal: controller.signal });
    expect(result.complete).toBe(false);
    // 500 characters a function, 60 of them: most are known after four calls, and one call is less than a tenth of it all.
    expect(result.counts.functions).toBeGreaterThanOrEqual(40);
  });

  test('a bug of the judge is no stop', async () => {
    const broken: Judge = { judge: async () => await Promise.reject(new Error('broken')) };
    await expect(scan([source('a.js', 'x = 0.5')], broken)).rejects.toThrow('broken');
  });
});

describe('the cache on disk', () => {
  const open = () =>
    fileScoreCache(folder, 'key', (cause) => {
      throw cause;
    });
  const key = (letter: string) => letter.repeat(22);

  test('two scans at a time, and a line that a crash cut short', () => {
    const [one, two] = [open(), open()];
    one.add([[key('a'), { score: 0.1, truncated: false }]]);
    two.add([[key('b'), { score: 1e-7, truncated: true }]]);
    const file = join(folder, readdirSync(folder)[0]!);
    appendFileSync(file, `${key('c')} 0.`);
    open().add([[key('d'), { score: 1, truncated: false }]]);
    const later = open();
    expect(['a', 'b', 'c', 'd'].map((letter) => later.get(key(letter)))).toEqual([
      { score: 0.1, truncated: false },
      { score: 1e-7, truncated: true },
      undefined,
      { score: 1, truncated: false },
    ]);
  });

  test('scores of nonsense are not believed', () => {
    const rows = [sealLine(key('a'), '7 0'), sealLine(key('b'), '0.5 0'), sealLine(key('c'), '-. 0')];
    writeFileSync(join(folder, 'scores-key.txt'), `${rows.join('\n')}\n`);
    expect(open().get(key('a'))).toBeUndefined();
    expect(open().get(key('b'))).toEqual({ score: 0.5, truncated: false });
    expect(open().get(key('c'))).toBeUndefined();
  });

  test('a disk that takes nothing is said once; the scan goes on', async () => {
    writeFileSync(join(folder, 'file'), '');
    const failures: unknown[] = [];
    const scores = fileScoreCache(join(folder, 'file', 'cache'), 'key', (cause) => failures.push(cause));
    const { found } = await scan([source('a.js', 'x = 0.5'), source('b.js', 'x = 0.6')], digitJudge(), {
      scores,
    });
    expect([found.length, failures.length]).toEqual([2, 1]);
  });

  test('an unchanged file is not parsed again; what is gone is forgotten', async () => {
    const files = [source('a.js', 'x = 0.5'), source('b.js', 'x = 0.6')];
    const index = () => fileOutlineIndex(folder, ['/root'], '1');
    const first = index();
    const { found } = await scan(files, digitJudge(), { outlines: first });
    first.save(true);
    const noPool = () => {
      throw new Error('parsed again');
    };
    expect((await scan(files, digitJudge(), { outlines: index(), openPool: noPool })).found).toEqual(found);
    const changed = source('a.js', 'x = 0.7');
    await expect(scan([changed], digitJudge(), { outlines: index(), openPool: noPool })).rejects.toThrow(
      'parsed',
    );
    const third = index();
    await scan([changed], digitJudge(), { outlines: third });
    third.save(true);
    const stored = readFileSync(
      join(folder, readdirSync(folder).find((name) => name.startsWith('outlines'))!),
      'utf8',
    );
    expect(stored.trim().split('\n')).toHaveLength(1);
    await expect(
      scan([changed], digitJudge(), {
        outlines: fileOutlineIndex(folder, ['/root'], '2'),
        openPool: noPool,
      }),
    ).rejects.toThrow('parsed');
  });
});

describe('a real model', () => {
  test('gives the same scores on one thread and two, in another order, in other batches', async () => {
    const run = await writeTinyRun(folder);
    const header = locateAdapter(run);
    const files = Array.from({ length: 30 }, (_, i) => source(`f${i}.js`, `return ${'a + '.repeat(i)}${i}`));
    const scoresOf = async (threads: number, order: readonly SourceFile[], functionsPerCall: number) => {
      const model = await openModel(join(folder, 'base'));
      const detector = await Detector.open(model, header, { backend: await sharedBackend(threads) });
      const { found } = await scan(order, detector, { limits: { functionsPerCall } });
      await detector.close();
      return found.toSorted().map((line) => line.split(' ') as [string, string]);
    };
    const expected = await scoresOf(1, files, 256);
    expect(new Set(expected.map(([, score]) => score)).size).toBeGreaterThan(10);
    for (const [threads, order, batch] of [
      [2, files, 256],
      [1, files.toReversed(), 256],
      [2, files, 1],
    ] as const) {
      const scores = await scoresOf(threads, order, batch);
      expect(scores.map(([place]) => place)).toEqual(expected.map(([place]) => place));
      for (const [i, [, score]] of scores.entries()) {
        expect(Math.abs(Number(score) - Number(expected[i]![1]))).toBeLessThan(1e-5);
      }
    }
  });
});
