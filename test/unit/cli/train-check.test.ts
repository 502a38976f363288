/** @file What `train --dry-run` checks: everything that `train` would refuse before its first step. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { checkTraining } from '../../../src/workflows/train/check-training.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-train-check-'));
  await writeTinyRun(folder);
  const lines = [0, 1, 0, 1].map((target, i) => JSON.stringify({ code: `function f${i}() {}`, target }));
  for (const part of ['train', 'valid'])
    writeFileSync(join(folder, `${part}.jsonl`), `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(settings: Record<string, unknown> = {}) {
  const config = parseTrainConfig(
    {
      base_model: join(folder, 'base'),
      train_file: join(folder, 'train.jsonl'),
      valid_file: join(folder, 'valid.jsonl'),
      output_dir: join(folder, 'new'),
      max_length: 32,
      ...settings,
    },
    'test',
  );
  const { signal } = new AbortController();
  return await checkTraining({ config, inputs: await checkTrainInputs(config) }, { signal });
}

test('a training that can start passes, and no folder is made', async () => {
  expect(await check()).toEqual(['whether the memory is enough']);
  expect(readdirSync(folder)).not.toContain('new');
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['a model that is not there', { base_model: '/nowhere/model' }, /MODEL_PATH_MISSING/],
  ['a module that the model lacks', { target_modules: ['nope_proj'] }, /./],
  ['more layers kept than there are', { keep_layers: 99 }, /MODEL_KEEP_LAYERS/],
  ['a layer above those that are kept', { keep_layers: 1, lora_layers: [1] }, /LORA_LAYERS/],
  ['a layer that the model lacks', { lora_layers: [99] }, /./],
  ['functions that are all too long', { max_length: 1, long_functions: 'drop' }, /DATASET_EMPTY/],
  ['an output folder below a file', { output_dir: '/dev/null/run' }, /FILE_|RUN_/],
])('what train refuses is refused: %s', async (_what, settings, code) => {
  await expect(check(settings)).rejects.toMatchObject({
    name: 'VultuneError',
    code: expect.stringMatching(code),
  });
});

test('a model that would have to be downloaded is said to be unchecked', async () => {
  const unchecked = await check({ base_model: 'pypi:no-such-model-here==0.0.1', cache_dir: folder });
  expect(unchecked.join()).toContain('is not on this machine yet');
});
