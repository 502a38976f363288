/** @file `scan` and `predict` in four parts, as processes side by side write them, against the whole run: the same bytes. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { SCAN_FORMATS } from '../../../src/scan/output/format-names.ts';
import { predictShard } from '../../../src/workflows/predict/predict-shards.ts';
import { scanShard } from '../../../src/workflows/scan/scan-shards.ts';
import { cliCase } from '../../support/cli-case.ts';
import { recordedTasks } from '../../support/recorded-tasks.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

const SHARDS = ['1/4', '2/4', '3/4', '4/4'];

let folder = '';
let tree = '';
let run = '';
let data = '';

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-shards-')));
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
  tree = join(folder, 'tree');
  run = await writeTinyRun(folder, { training: [{ id: 'known', code: functionText(3), target: 1 }] });
  for (let file = 0; file < 12; file++) {
    const functions = Array.from({ length: 8 }, (_, i) => functionText(8 * file + i));
    // Equal functions in different files, one in another, a suppressed one and what no parser reads.
    functions.push(
      functionText(1000),
      `function around${file}(a) {\n  return a.map((x) => { log(x, ${file}); return eval(x); });\n}\n`,
    );
    functions.push(`// vultune-ignore: tried by hand\n${functionText(2000 + file)}`);
    put(`src/f${file}.js`, functions.join('\n'));
  }
  put('src/broken.js', 'function half( {{{\n');
  put('test/a.test.js', functionText(1));
  data = join(folder, 'data.jsonl');
  // Two stretches of functions that are judged together, and ids that are not unique.
  const records = Array.from({ length: 1100 }, (_, i) => ({ id: `f${i % 1000}`, code: functionText(i) }));
  writeFileSync(data, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function functionText(i: number): string {
  const body = Array.from({ length: 1 + (i % 5) }, (_, line) => `  call${line}(a, ${i * 7});\n`);
  return `function f${i}(a) {\n${body.join('')}  return eval(a + ${i});\n}\n`;
}

function put(name: string, text: string): void {
  mkdirSync(dirname(join(tree, name)), { recursive: true });
  writeFileSync(join(tree, name), text);
}

const scan = (...argv: string[]) =>
  cliCase([scanCommand(runScan)], ['scan', run, tree, '--no-cache', '--num-threads', '1', ...argv]);
const predict = (...argv: string[]) =>
  cliCase([predictCommand(runPredict)], ['predict', run, '--data', data, '--num-threads', '1', ...argv]);

const partOf = (name: string, shard: string) => join(folder, name, `${shard[0]}.part`);

/** Parts of a scan, as it is asked for. */
async function scanParts(name: string): Promise<string[]> {
  const parts: string[] = [];
  for (const shard of SHARDS) {
    const out = partOf(name, shard);
    const { exitCode, stderr } = await scan('--shard', shard, '--out', out);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`shard ${shard}`)]);
    parts.push(out);
  }
  return parts;
}

/** What says when a report was made. */
const TIMES = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?|time="[\d.]+"/g;
const withoutTimes = (text: string) => text.replaceAll(TIMES, 'TIME');

describe('scan', () => {
  let parts: readonly string[];
  beforeAll(async () => {
    parts = await scanParts('scan');
  }, 120_000);

  test.each(SCAN_FORMATS)('four parts give the report of the whole: %s', async (format) => {
    const lines = format === 'html' ? [] : ['--no-lines'];
    const asked = ['--format', format, '--threshold', '0.5', '--top', '30', '--fail-on', 'none', ...lines];
    const whole = await scan(...asked);
    const merged = await scan(...asked, '--merge', ...parts.toReversed());
    expect(withoutTimes(whole.stdout).length).toBeGreaterThan(100);
    expect(withoutTimes(merged.stdout)).toBe(withoutTimes(whole.stdout));
    expect(merged.exitCode).toBe(whole.exitCode);
  });

  test('parts hold scores alone, no two the same one, and none of the source code', async () => {
    const lines = parts.flatMap((part) => readFileSync(part, 'utf8').split('\n').slice(1, -2));
    const keys = lines.map((line) => (JSON.parse(line) as { key: string }).key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeGreaterThan(96);
    expect(lines.join('')).not.toMatch(/function|eval|call/);
  });

  test("the progress of a part is that of the shard's own functions", async () => {
    const shares: number[] = [];
    for (const index of [1, 2, 3, 4]) {
      const { report, last } = recordedTasks();
      const out = join(folder, 'told.part');
      const shard = { index, count: 4 };
      const asked = { run, paths: [tree], cache: false, numThreads: 1, shard, out };
      const { functions } = await scanShard(asked, { report });
      const { done, total } = last.get('scanning')!;
      expect(done).toBe(total);
      shares.push(done / functions);
    }
    // Each is rounded to a function.
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1);
  });

  test('the merge decides on the baseline, the threshold and the exit code', async () => {
    const baseline = join(folder, 'baseline.json');
    const merge = ['--threshold', '0', '--no-lines', '--merge', ...parts];
    expect((await scan('--baseline', baseline, '--update-baseline', ...merge)).exitCode).toBe(0);
    const known = await scan('--baseline', baseline, '--format', 'json', ...merge);
    expect(known.exitCode).toBe(0);
    expect(JSON.parse(known.stdout)).toMatchObject({ counts: { vulnerable: 0 } });
    expect((await scan(...merge)).exitCode).toBe(1);
  });

  test('more shards than there are calls of the model: the empty parts count too', async () => {
    const few = join(folder, 'few.js');
    writeFileSync(few, `${functionText(1)}${functionText(2)}`);
    const scanFew = (...argv: string[]) =>
      cliCase(
        [scanCommand(runScan)],
        ['scan', run, few, '--format', 'json', '--no-cache', '--no-lines', ...argv],
      );
    const fewParts = SHARDS.map((shard) => partOf('few', shard));
    for (const [i, shard] of SHARDS.entries()) await scanFew('--shard', shard, '--out', fewParts[i]!);
    const empty = fewParts.filter((part) => readFileSync(part, 'utf8').split('\n').length === 3);
    expect(empty).toHaveLength(3);
    const [whole, merged] = [await scanFew(), await scanFew('--merge', ...fewParts)];
    expect(withoutTimes(merged.stdout)).toBe(withoutTimes(whole.stdout));
  });

  test('a part that is missing, twice, of other options, cut short or of a changed tree is refused by name', async () => {
    const [first, second, ...others] = parts as [string, string, ...string[]];
    const refusal = async (...argv: string[]) => (await scan(...argv)).stderr;
    expect(await refusal('--merge', first, ...others)).toContain('--shard 2/4');
    expect(await refusal('--merge', ...parts, second)).toContain('are both shard 2/4');
    expect(await refusal('--include-trivial', '--merge', ...parts)).toContain(
      `${first} and this command differ in --include-trivial: false and true`,
    );
    const cut = join(folder, 'cut.part');
    writeFileSync(cut, readFileSync(second, 'utf8').split('\n').slice(0, 2).join('\n'));
    expect(await refusal('--merge', first, cut, ...others)).toContain(cut);
    const other = join(folder, 'other.part');
    put('src/f3.js', functionText(9999));
    try {
      await scan('--shard', '2/4', '--out', other);
      expect(await refusal('--merge', first, other, ...others)).toContain(
        `${first} and ${other} are parts of different inputs`,
      );
      expect(await refusal('--merge', ...parts)).toContain('no part has a score of the function f9999 (');
      rmSync(join(tree, 'src/f3.js'));
      expect(await refusal('--merge', ...parts)).toContain('had other functions');
    } finally {
      put('src/f3.js', '');
    }
  });

  test('--shard without --out, out of its range, or with --merge is a mistake', async () => {
    expect((await scan('--shard', '1/4')).stderr).toContain('needs --out');
    for (const wrong of ['0/4', '5/4', '4', 'a/b', '1/99999']) {
      expect((await scan('--shard', wrong)).stderr).toContain('such as 2/4');
    }
    expect((await scan('--shard', '1/4', '--merge', 'x')).stderr).toContain('--merge');
  });

  test('a shard that is stopped writes no part', async () => {
    const out = join(folder, 'stopped.part');
    const argv = ['scan', run, tree, '--no-cache', '--shard', '1/1', '--out', out];
    const { stderr } = await cliCase([scanCommand(runScan)], argv, { signal: AbortSignal.abort() });
    expect(stderr).toContain('no part is written');
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });
});

describe('predict', () => {
  async function predictParts(name: string, ...argv: string[]): Promise<string[]> {
    const parts: string[] = [];
    for (const shard of SHARDS) {
      const out = partOf(name, shard);
      expect((await predict(...argv, '--shard', shard, '--out', out)).exitCode).toBe(0);
      parts.push(out);
    }
    return parts;
  }

  test('four parts give the bytes of the whole', async () => {
    const asked = ['--logits', '--prevalence', '0.1'];
    const whole = await predict(...asked);
    const parts = await predictParts('predict', ...asked);
    const merged = await predict(...asked, '--merge', ...parts.toReversed());
    expect(whole.stdout.split('\n')).toHaveLength(1101);
    expect(merged.stdout).toBe(whole.stdout);
    const sizes = parts.map((part) => readFileSync(part, 'utf8').split('\n').length - 3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1100);
    for (const size of sizes) expect(size).toBeGreaterThan(100);
  });

  test("the progress of a part is that of the shard's own functions", async () => {
    let functions = 0;
    for (const index of [1, 2, 3, 4]) {
      const { report, last } = recordedTasks();
      const asked = { run, data, numThreads: 1, shard: { index, count: 4 }, out: join(folder, 'told.part') };
      const { predicted } = await predictShard(asked, { report });
      expect(last.get('predicting')).toEqual({ done: predicted, total: predicted });
      functions += predicted;
    }
    expect(functions).toBe(1100);
  });

  test('parts of another threshold, of a scan, or of other data are refused', async () => {
    const parts = await predictParts('predict-refused');
    const refusal = async (...argv: string[]) => (await predict(...argv, '--merge', ...parts)).stderr;
    expect(await refusal('--threshold', '0.25')).toContain('differ in --threshold: 0.5 and 0.25');
    const other = join(folder, 'other.jsonl');
    writeFileSync(other, `${JSON.stringify({ id: 'one', code: functionText(1) })}\n`);
    expect(await refusal('--data', other)).toContain('the parts were made from other functions');
    expect((await scan('--merge', ...parts)).stderr).toContain('is a part of `vultune predict`');
  });
});
