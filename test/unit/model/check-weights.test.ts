/** @file Weights that are not what config.json promises are named before any is read. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import type { Checkpoint, TensorInfo } from '../../../src/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { checkWeights, promisedShapes } from '../../../src/model/check-weights.ts';
import { readModel } from '../../../src/model/families/registry.ts';
import { modelCheckpoint } from '../../../src/model/model-checkpoint.ts';
import { FIXTURE_NAMES, fixtureFolder } from '../../support/tiny-model.ts';

const open = (name: string) => openCheckpoint(resolve(fixtureFolder(name), 'base'));

/** The error for a model whose tensors were changed. */
async function refusal(change: (tensors: Map<string, TensorInfo>) => void): Promise<VultuneError> {
  const checkpoint = await open('qwen2');
  const tensors = new Map(checkpoint.tensors);
  change(tensors);
  const changed: Checkpoint = { ...checkpoint, path: checkpoint.path, tensors };
  try {
    checkWeights(changed, readModel(checkpoint.config, checkpoint.path));
  } catch (error) {
    if (error instanceof VultuneError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test.each(FIXTURE_NAMES)('%s is whole', async (name) => {
  const { model, checkpoint } = modelCheckpoint(await open(name));
  expect([...promisedShapes(model)].length).toBeGreaterThan(10);
  expect(() => checkWeights(checkpoint, model)).not.toThrow();
});

describe('refused', () => {
  test.each([
    'model.embed_tokens.weight',
    'model.norm.weight',
    'model.layers.1.post_attention_layernorm.weight',
    'model.layers.1.mlp.down_proj.weight',
    'model.layers.0.self_attn.q_proj.bias',
  ])('%s missing', async (name) => {
    const error = await refusal((tensors) => tensors.delete(name));
    expect(error.code).toBe('CHECKPOINT_TENSOR_MISSING');
    expect(error.message).toContain(name);
  });

  test.each([
    ['a matrix the other way round', 'model.layers.0.mlp.down_proj.weight'],
    ['fewer rows of the embedding than the vocabulary has', 'model.embed_tokens.weight'],
  ])('%s', async (_what, name) => {
    const error = await refusal((tensors) => {
      const [rows, columns] = tensors.get(name)!.shape as [number, number];
      tensors.set(name, { shape: name.includes('embed') ? [rows - 1, columns] : [columns, rows] });
    });
    expect(error.code).toBe('CHECKPOINT_TENSOR_SHAPE');
    expect(error.message).toContain(name);
  });
});

describe('a tensor that the model has no place for', () => {
  const withExtra = (...names: string[]) =>
    refusal((tensors) => {
      for (const name of names) tensors.set(name, { shape: [1] });
    });

  test.each([
    'model.layers.0.self_attn.q_norm.weight',
    'model.layers.1.self_attn.o_proj.bias',
    'model.layers.2.input_layernorm.weight',
    'model.layers.0.mlp.bias',
    'model.norm.bias',
  ])('%s', async (name) => {
    const error = await withExtra(name);
    expect(error).toMatchObject({ code: 'CHECKPOINT_TENSOR_EXTRA', where: { name } });
    expect(error.message).toContain(name);
  });

  test('is left alone where nothing is computed with it: buffers, heads, whatever is outside the blocks', async () => {
    const error = withExtra(
      'model.layers.0.self_attn.rotary_emb.inv_freq',
      'model.layers.0.attn.bias',
      'model.layers.0.attn.masked_bias',
      'model.embeddings.position_ids',
      'position_ids',
      'lm_head.weight',
      'lm_head.bias',
      'score.weight',
      'classifier.dense.weight',
      'pooler.dense.weight',
      'cls.predictions.bias',
      'model.layersets.0.weight',
    );
    await expect(error).rejects.toThrow('nothing was refused');
  });

  test('a family names further ones', async () => {
    const checkpoint = await open('llama');
    const tensors = new Map(checkpoint.tensors).set('model.layers.9.mtp.weight', { shape: [1] });
    const changed: Checkpoint = { ...checkpoint, path: checkpoint.path, tensors };
    const model = readModel(checkpoint.config, 'llama');
    expect(() => checkWeights(changed, model)).toThrow(/mtp/);
    expect(() => checkWeights(changed, { ...model, unusedTensors: ['mtp.weight'] })).not.toThrow();
  });
});

test('all problems in one message: five of each kind, with the nearest names', async () => {
  const error = await refusal((tensors) => {
    const renamed = [...tensors].filter(([name]) => name.includes('mlp'));
    for (const [name, info] of renamed) {
      tensors.set(name.replace('mlp', 'mlp_'), info);
      tensors.delete(name);
    }
    tensors.set('model.norm.weight', { shape: [3] });
    tensors.set(`model.layers.0.${'x'.repeat(1e5)}`, { shape: [1] });
  });
  expect(error.code).toBe('CHECKPOINT_TENSOR_MISSING');
  expect(error.message).toMatch(
    /6 tensors are missing: "model\.layers\.0\.mlp\.gate_proj\.weight" \(there is "model\.layers\.0\.mlp_\.gate_proj\.weight"\)/,
  );
  expect(error.message).toMatch(/and 1 more; "model\.norm\.weight" is \[3\], expected \[/);
  expect(error.message).toMatch(/7 tensors have no place in the model: "model\.layers\.0\.mlp_/);
  expect(error.message.length).toBeLessThan(3000);
});

test('an embedding may have rows to spare', async () => {
  const checkpoint = await open('llama');
  const name = 'model.embed_tokens.weight';
  const [rows, columns] = checkpoint.tensors.get(name)!.shape as [number, number];
  const tensors = new Map(checkpoint.tensors).set(name, { shape: [rows + 8, columns] });
  const changed: Checkpoint = { ...checkpoint, path: checkpoint.path, tensors };
  expect(() => checkWeights(changed, readModel(checkpoint.config, 'llama'))).not.toThrow();
});
