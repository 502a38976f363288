/** @file Weights that are not what config.json promises are named before any is read. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import type { Checkpoint, TensorInfo } from '../../../src/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { checkWeights } from '../../../src/model/check-weights.ts';
import { readModel } from '../../../src/model/families/registry.ts';
import { FIXTURE_NAMES, fixtureFolder } from '../../support/tiny-model.ts';

const open = (name: (typeof FIXTURE_NAMES)[number]) => openCheckpoint(resolve(fixtureFolder(name), 'base'));

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
  const checkpoint = await open(name);
  expect(() => checkWeights(checkpoint, readModel(checkpoint.config, name))).not.toThrow();
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

test('an embedding may have rows to spare', async () => {
  const checkpoint = await open('llama');
  const name = 'model.embed_tokens.weight';
  const [rows, columns] = checkpoint.tensors.get(name)!.shape as [number, number];
  const tensors = new Map(checkpoint.tensors).set(name, { shape: [rows + 8, columns] });
  const changed: Checkpoint = { ...checkpoint, path: checkpoint.path, tensors };
  expect(() => checkWeights(changed, readModel(checkpoint.config, 'llama'))).not.toThrow();
});
