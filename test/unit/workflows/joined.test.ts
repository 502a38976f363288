/** @file A training on joined functions: what its record and its card say, and that its scores are of functions alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { openRun } from '../../../src/runs/run-folder.ts';
import { silent } from '../../../src/workflows/context.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { startTraining } from '../../../src/workflows/train/train.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let cacheBefore: string | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-packing-'));
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = join(folder, 'cache');
  await writeTinyRun(folder);
  const lines = Array.from({ length: 24 }, (_, i) =>
    JSON.stringify({ code: `f${i}(${i % 2 === 1 ? 'xxxx' : 'zzzz'})`, target: i % 2, id: `f${i}` }),
  );
  writeFileSync(join(folder, 'train.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'valid.jsonl'), `${lines.slice(0, 8).join('\n')}\n`);
  // The same functions, each beside other ones.
  writeFileSync(join(folder, 'turned.jsonl'), `${lines.slice(0, 8).toReversed().join('\n')}\n`);
});
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

async function train(output: string, changed: object) {
  const config = parseTrainConfig(
    {
      base_model: join(folder, 'base'),
      train_file: join(folder, 'train.jsonl'),
      valid_file: join(folder, 'valid.jsonl'),
      test_file: join(folder, 'turned.jsonl'),
      output_dir: join(folder, output),
      num_train_epochs: 1,
      lora_layers: { last: 1 },
      max_length: 24,
      tokens_per_batch: 32,
      num_threads: 1,
      functions_per_step: null,
      loss_reduction: 'sum',
      ...changed,
    },
    'test',
  );
  const warnings: string[] = [];
  const notes: string[] = [];
  const report = {
    ...silent,
    note: (text: string) => void notes.push(text),
    warn: (text: string) => void warnings.push(text),
  };
  const inputs = await checkTrainInputs(config);
  await startTraining({ config, inputs }, { report });
  const run = openRun(config.output_dir);
  const card = readFileSync(join(run.paths.adapter, 'README.md'), 'utf8');
  const scores = (split: string) =>
    new Map(
      readFileSync(join(run.paths.predictions, `${split}.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ id, raw_score: score }): [string, number] => [id, score]),
    );
  return { run, card, warnings, notes, scores };
}

test('the start, run.json and the card say how training and use differ; a score is of a function alone', async () => {
  const { run, card, warnings, notes, scores } = await train('joined', { packing: 'joined' });
  const said = /a function's loss depends on its neighbours.*training and use differ/;
  expect(warnings.filter((text) => said.test(text))).toHaveLength(1);
  expect(run.record.notes).toEqual([expect.stringMatching(said)]);
  expect(card).toMatch(said);
  expect(card).toContain('| packing | "joined" |');
  expect(notes.join('\n')).toContain('frozen layers are computed for each joined sequence');
  expect(notes.join('\n')).not.toContain('computed once and kept');
  const [valid, turned] = [scores('valid'), scores('test')];
  expect(valid.size).toBe(8);
  for (const [id, score] of valid) expect(turned.get(id)).toBeCloseTo(score, 6);
});

test('other packings say nothing of it', async () => {
  const { run, card, warnings, notes } = await train('isolated', {});
  expect(run.record.notes).toBeUndefined();
  expect(card).not.toContain('packing: joined');
  expect([...warnings, ...notes].join('\n')).not.toContain('packing: joined');
  expect(notes.join('\n')).toContain('computed once and kept');
});
