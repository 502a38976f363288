/** @file Scores that are kept while they are made: what Ctrl-C leaves is gone on from. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { hashFile } from '../../../src/base/hash-file.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { readScores, scoreRemaining, writeScores } from '../../../src/workflows/evaluate/kept-scores.ts';
import { recordScoredBy } from '../../../src/workflows/evaluate/own-predictions.ts';
import { cliCase } from '../../support/cli-case.ts';
import { overflowHead } from '../../support/damaged-adapter.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RECORDS = Array.from({ length: 10 }, (_, i) => ({
  code: `function f${i}() { return ${'x'.repeat(i)}; }`,
  target: (i % 2) as 0 | 1,
}));

describe('stopped half way', () => {
  test('what was scored is kept, and the next call asks for the rest alone', async () => {
    const path = join(folder, 'scores.jsonl');
    const scores = new Float64Array(RECORDS.length).fill(Number.NaN);
    let calls = 0;
    const stopped = scoreRemaining(scores, {
      judge: async (rows) => {
        if (++calls === 3) throw new Error('stopped');
        return rows.map((row) => row / 10);
      },
      keep: () => writeScores(path, RECORDS, scores),
      onProgress: () => {},
      rowsPerCall: 3,
    });
    await expect(stopped).rejects.toThrow('stopped');

    const rest = readScores(path, RECORDS)!;
    expect([...rest]).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    const asked: number[] = [];
    const seen: number[] = [];
    await scoreRemaining(rest, {
      judge: async (rows, onProgress) => {
        asked.push(...rows);
        onProgress(1);
        return rows.map((row) => row / 10);
      },
      keep: () => writeScores(path, RECORDS, rest),
      onProgress: (done) => seen.push(done),
      rowsPerCall: 3,
    });
    expect(asked).toEqual([6, 7, 8, 9]);
    expect(seen).toEqual([1, 3, 4, 4]);
    expect([...readScores(path, RECORDS)!]).toEqual(RECORDS.map((_, row) => row / 10));
  });

  test('other records, torn lines: nothing is known', () => {
    const path = join(folder, 'scores.jsonl');
    writeScores(path, RECORDS, new Float64Array(RECORDS.length).fill(0.5));
    expect(readScores(path, RECORDS.slice(1))).toBeUndefined();
    expect(readScores(path, RECORDS.toReversed())!.every(Number.isNaN)).toBe(true);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -5));
    expect([...readScores(path, RECORDS)!].map(Number.isNaN)).toEqual(RECORDS.map((_, row) => row === 9));
  });

  test.each([
    'null',
    '5',
    '[]',
    '{"id":1}',
    '{"id":1,"raw_score":7,"target":0}',
    '{"id":1,"raw_score":"abc","target":0}',
    '{"id":1,"raw_score":0.1,"target":0}',
    '{"id":1,"raw_score":0.1,"target":0,"check":"AAAAAAAAAAAA"}',
  ])('a line that was edited to %s is computed again', (line) => {
    const path = join(folder, 'scores.jsonl');
    writeScores(path, RECORDS, new Float64Array(RECORDS.length).fill(0.5));
    const kept = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [line, ...kept.slice(1)].join('\n'));
    expect([...readScores(path, RECORDS)!]).toEqual([Number.NaN, ...Array<number>(9).fill(0.5)]);
  });
});

describe('scores that are kept in a run are not shown', () => {
  const data = () => join(folder, 'test.jsonl');
  const evaluate = async (run: string) => {
    const argv = ['evaluate', run, '--data', data(), '--resamples', '20', '--num-threads', '1', '--json'];
    const { stdout, stderr } = await cliCase([evaluateCommand(runEvaluate)], argv);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as { metrics: { log_loss: number } };
  };
  const edit = (file: string, change: (json: Record<string, unknown>) => object) => {
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
  };

  test.each<[string, (adapter: string) => unknown]>([
    ['other weights', overflowHead],
    [
      'another scale',
      (adapter) => edit(join(adapter, 'adapter_config.json'), (config) => ({ ...config, lora_alpha: 64 })),
    ],
    [
      'another pooling',
      (adapter) => edit(join(adapter, 'vultune.json'), (own) => ({ ...own, pooling: 'mean' })),
    ],
    ['another length', (adapter) => edit(join(adapter, 'vultune.json'), (own) => ({ ...own, maxLength: 3 }))],
    [
      'another base model',
      (adapter) => edit(join(adapter, 'vultune.json'), (own) => ({ ...own, baseFingerprint: 'x' })),
    ],
  ])('for an adapter with %s', async (_, change) => {
    const run = await writeTinyRun(folder);
    writeFileSync(data(), RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const before = await evaluate(run);
    await change(join(run, 'adapter'));
    const after = await evaluate(run).catch((error: unknown) => String(error));
    if (typeof after === 'string') expect(after).toMatch(/SCORE_NOT_FINITE|ADAPTER_MISMATCH/);
    else expect(after.metrics.log_loss).not.toBeCloseTo(before.metrics.log_loss, 6);
  });

  test.each(['another adapter', 'predictions that were edited'])(
    'for a file that training has scored, with %s',
    async (what) => {
      const run = await writeTinyRun(folder);
      const rows = RECORDS.map((record, i) => ({ id: `f${i}`, ...record }));
      writeFileSync(data(), rows.map((record) => `${JSON.stringify(record)}\n`).join(''));
      const { sha256, sizeBytes } = await hashFile(data());
      edit(join(run, 'run.json'), (record) => ({
        ...record,
        data: { test_file: { path: data(), sha256, sizeBytes } },
      }));
      const predictions = join(run, 'predictions');
      mkdirSync(predictions);
      const file = join(predictions, 'test.jsonl');
      const line = ({ id, target }: (typeof rows)[number]) =>
        JSON.stringify({ id, score: target, raw_score: 0.25 + target / 2, label: target, target });
      writeFileSync(file, `${rows.map(line).join('\n')}\n`);
      await recordScoredBy(predictions, readAdapterHeader(join(run, 'adapter')));
      const own = -Math.log(0.75);
      expect((await evaluate(run)).metrics.log_loss).toBeCloseTo(own, 9);
      if (what === 'another adapter') {
        edit(join(run, 'adapter', 'adapter_config.json'), (config) => ({ ...config, lora_alpha: 64 }));
      } else {
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll('0.75', '0.95'));
      }
      const other = (await evaluate(run)).metrics.log_loss;
      expect(other).not.toBeCloseTo(own, 2);
      expect(other).not.toBeCloseTo((-Math.log(0.75) - Math.log(0.95)) / 2, 2);
    },
  );
});

test('evaluate fills the gaps that an interrupted one left, and says the same', async () => {
  const run = await writeTinyRun(folder);
  const data = join(folder, 'test.jsonl');
  writeFileSync(data, RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const evaluate = async () => {
    const argv = ['evaluate', run, '--data', data, '--resamples', '20', '--num-threads', '1', '--json'];
    const { stdout } = await cliCase([evaluateCommand(runEvaluate)], argv);
    return JSON.parse(stdout) as { metrics: { log_loss: number } };
  };
  const whole = await evaluate();
  const predictions = join(run, 'predictions');
  const [name] = readdirSync(predictions).filter((file) => file.startsWith('evaluated-'));
  const kept = () => readFileSync(join(predictions, name!), 'utf8').split('\n');
  const gaps = kept().map((line, i) =>
    i % 3 === 0 ? line.replace(/"raw_score":[^,]+/, '"raw_score":null') : line,
  );
  writeFileSync(join(predictions, name!), gaps.join('\n'));
  expect((await evaluate()).metrics.log_loss).toBeCloseTo(whole.metrics.log_loss, 5);
  expect(kept().join('')).not.toContain('null');
});
