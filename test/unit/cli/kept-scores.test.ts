/** @file Scores that are kept while they are made: what Ctrl-C leaves is gone on from. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { evaluateStage } from '../../../src/cli/stages/evaluate.ts';
import { readScores, scoreRemaining, writeScores } from '../../../src/cli/stages/kept-scores.ts';
import { cliCase } from '../../support/cli-case.ts';
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
    expect(readScores(path, RECORDS.toReversed())).toBeUndefined();
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -5));
    expect(readScores(path, RECORDS)).toBeUndefined();
  });
});

test('evaluate fills the gaps that an interrupted one left, and says the same', async () => {
  const run = await writeTinyRun(folder);
  const data = join(folder, 'test.jsonl');
  writeFileSync(data, RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const evaluate = async () => {
    const argv = ['evaluate', run, '--data', data, '--resamples', '20', '--num-threads', '1', '--json'];
    const { stdout } = await cliCase([evaluateCommand(evaluateStage)], argv);
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
