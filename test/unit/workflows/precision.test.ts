/** @file Scores in another precision than the training's: how far they are is said, and no cache mixes the two up. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { evaluationJson } from '../../../src/cli/evaluate/evaluation-json.ts';
import { linesJson } from '../../../src/cli/lines/lines-json.ts';
import { evaluate, lines, predict, type Reporter, scan } from '../../../src/index.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

/** What the processor's integer products are, for code that asks. */
let areExact = true;
vi.mock('../../../src/runtime/ort/probe-int8.ts', () => ({ areInt8ProductsExact: async () => areExact }));

let folder: string;
let run: string;
let source: string;
let data: string;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-precision-')));
  run = await writeTinyRun(folder);
  source = join(folder, 'a.js');
  writeFileSync(source, 'function one(a) {\n  return eval(a);\n}\nfunction two() { return call(2); }\n');
  data = join(folder, 'data.jsonl');
  const records = [
    { id: 'a', code: 'int f(int a) { return gets(a); }', target: 1 },
    { id: 'b', code: 'int g(void) { return 0; }', target: 0 },
  ];
  writeFileSync(data, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
});
beforeEach(() => {
  areExact = true;
  vi.stubEnv('VULTUNE_CACHE', mkdtempSync(join(folder, 'cache-')));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Scans the file; what was said, notes and warnings alike. */
async function scanned(options: Partial<Parameters<typeof scan>[0]> = {}) {
  const said: string[] = [];
  const report = {
    ...silent,
    note: (text: string) => said.push(text),
    warn: (text: string) => said.push(text),
  };
  const result = await scan({ run, paths: [source], threshold: 0, lines: false, ...options }, { report });
  const scores = Object.fromEntries(result.report.findings.map(({ name, score }) => [name!, score]));
  return {
    ...result.report,
    scores,
    said,
    isCached: said.some((text) => text.startsWith('scores from the cache')),
  };
}
const silent: Reporter = {
  note: () => {},
  warn: () => {},
  task: () => ({ update: () => {}, log: () => {}, stop: () => {} }),
};

describe('scan', () => {
  test('in 8 bits says how far scores are from the training, and keeps both apart', async () => {
    const trained = await scanned();
    expect(trained.precision).toBeUndefined();
    const first = await scanned({ precision: 'int8' });
    expect(first.isCached).toBe(false);
    const { precision } = first;
    expect(precision).toMatchObject({ weightFormat: 'int8', trainedIn: 'float32', functions: 6 });
    expect(precision!.largestDifference).toBeGreaterThan(0);
    expect(precision!.largestDifference).toBeLessThan(0.2);
    expect(first.said).toContain(precision!.sentence);
    expect(first.scores).not.toEqual(trained.scores);
    const again = await scanned({ precision: 'int8' });
    expect([again.isCached, again.scores, again.precision]).toEqual([true, first.scores, precision]);
    expect(await scanned()).toMatchObject({ isCached: true, scores: trained.scores });
  });

  test('the precision of the training, asked for by name, is as trained', async () => {
    const trained = await scanned();
    const named = await scanned({ precision: 'float32' });
    expect([named.precision, named.isCached, named.scores]).toEqual([undefined, true, trained.scores]);
  });

  test('a processor whose products overflow reuses nothing of one whose do not, nor the reverse', async () => {
    const own = await writeTinyRun(mkdtempSync(join(folder, 'int8-')), {
      settings: { weightFormat: 'int8' },
    });
    const exact = await scanned({ run: own });
    areExact = false;
    const overflowing = await scanned({ run: own });
    expect(overflowing.isCached).toBe(false);
    expect(overflowing.scores).not.toEqual(exact.scores);
    expect((await scanned({ run: own })).isCached).toBe(true);
    areExact = true;
    expect(await scanned({ run: own })).toMatchObject({ isCached: true, scores: exact.scores });
  });

  test('what is kept of the difference and is damaged is measured again', async () => {
    const { precision } = await scanned({ precision: 'int8-exact' });
    const kept = join(process.env.VULTUNE_CACHE!, 'precision');
    const [file] = readdirSync(kept);
    expect(JSON.parse(readFileSync(join(kept, file!), 'utf8'))).toEqual({
      formatVersion: 1,
      largestDifference: precision!.largestDifference,
    });
    writeFileSync(join(kept, file!), '{"formatVersion":1,"largestDifference":7}');
    expect((await scanned({ precision: 'int8-exact' })).precision).toEqual(precision);
  });
});

test('predictions, evaluations and lines carry it', async () => {
  const shape = { weight_format: 'int8', trained_in: 'float32', functions: 6 };
  const [prediction] = await predict({ run, data, precision: 'int8' });
  expect(prediction!.precision).toMatchObject(shape);
  expect((await predict({ run, data }))[0]).not.toHaveProperty('precision');
  const evaluated = await evaluate({ runs: [run], data, precision: 'int8', resamples: 20 });
  expect(evaluationJson(evaluated)).toMatchObject({ precision_used: shape });
  const asTrained = await evaluate({ runs: [run], data, resamples: 20 });
  expect(evaluationJson(asTrained)).not.toHaveProperty('precision_used');
  // Kept scores of one are not shown as the other's.
  expect(asTrained.evaluated[0]!.run.scores).not.toEqual(evaluated.evaluated[0]!.run.scores);
  const request = { run, data, precision: 'int8' } as const;
  expect(linesJson(request, await lines(request))).toMatchObject({ precision: shape });
});
