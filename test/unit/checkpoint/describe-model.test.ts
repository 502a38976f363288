import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeModel } from '../../../src/checkpoint/describe-model.ts';
import { writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { float32, int64 } from '../../../src/tensor/host-tensor.ts';
import { FIXTURE_NAMES, fixtureFolder } from '../../support/tiny-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-describe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what a person wants to know of a model', async () => {
  const config = {
    model_type: 'llama',
    hidden_size: 2,
    num_hidden_layers: 1,
    vocab_size: 4,
    num_attention_heads: 1,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'tokenizer.json'), '{}');
  writeFileSync(join(folder, 'tokenizer_config.json'), '{"chat_template":"x"}');
  await writeSafetensors(join(folder, 'model.safetensors'), {
    w: float32([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
    ids: int64([3], [1, 2, 3]),
  });
  const weightBytes = statSync(join(folder, 'model.safetensors')).size;
  expect(await describeModel(folder)).toEqual({
    path: folder,
    modelType: 'llama',
    layers: 1,
    hiddenSize: 2,
    heads: 1,
    keyValueHeads: undefined,
    vocabularySize: 4,
    maxLength: undefined,
    parameters: 11,
    storedDtypes: { F32: 8, I64: 3 },
    sizeBytes: weightBytes + JSON.stringify(config).length + 2 + 21,
    tokenizer: 'huggingface',
    chatTemplate: true,
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    notes: [],
  });
});

test('a link that leads nowhere has no size', async () => {
  const { sizeBytes } = await describeModel(folder);
  symlinkSync('nowhere', join(folder, 'notes.md'));
  expect((await describeModel(folder)).sizeBytes).toBe(sizeBytes);
});

test.each(FIXTURE_NAMES)('%s: its sizes under its own names', async (name) => {
  const { layers, hiddenSize, heads, vocabularySize, maxLength } = await describeModel(
    join(fixtureFolder(name), 'base'),
  );
  for (const size of [layers, hiddenSize, heads, vocabularySize, maxLength]) expect(size).toBeGreaterThan(0);
});
