/** @file A checkpoint under the names of the specification, whatever its file calls them, and held to its config.json. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Checkpoint, TensorInfo } from '../../../src/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { FAMILY_NAMES, storedNames } from '../../../src/model/families/registry.ts';
import { modelCheckpoint } from '../../../src/model/model-checkpoint.ts';
import { fixtureFolder, fixturesOf } from '../../support/tiny-model.ts';

const open = (name: string) => openCheckpoint(resolve(fixtureFolder(name), 'base'));

/** The same with tensors of other names or shapes. */
async function changed(
  name: string,
  change: (tensors: Map<string, TensorInfo>) => void,
  config: object = {},
): Promise<Checkpoint> {
  const stored = await open(name);
  const tensors = new Map(stored.tensors);
  change(tensors);
  return { ...stored, path: 'models/tiny', config: { ...stored.config, ...config }, tensors };
}

const names = (tensors: ReadonlyMap<string, unknown>) => [...tensors.keys()].toSorted();

/** Takes the first part off every name of the base model. */
const withoutPrefix = (tensors: Map<string, TensorInfo>) => {
  // Over a copy: what is set while going over a map is gone over too.
  for (const [name, info] of new Map(tensors)) {
    if (!/^(transformer|model|bert|roberta)\./.test(name)) continue;
    tensors.delete(name);
    tensors.set(name.slice(name.indexOf('.') + 1), info);
  }
};

test.each(FAMILY_NAMES)(
  '%s: a file saved from the base model alone has names without their first part',
  async (family) => {
    const whole = modelCheckpoint(await open(fixturesOf(family)[0]!));
    const bare = modelCheckpoint(await changed(fixturesOf(family)[0]!, withoutPrefix));
    expect(names(bare.checkpoint.tensors)).toEqual(names(whole.checkpoint.tensors));
    expect(bare.checkpoint.tensors.size).toBeGreaterThan(10);
  },
);

test('what stands beside the base keeps its name', async () => {
  const stored = await changed('gpt2', (tensors) => {
    withoutPrefix(tensors);
    for (const name of ['lm_head.weight', 'score.weight', 'classifier.dense.weight', 'lm_heads.weight']) {
      tensors.set(name, { shape: [2, 2] });
    }
  });
  const { model } = modelCheckpoint(stored);
  const found = storedNames(stored, model);
  expect(found.get('transformer.h.0.ln_1.weight')).toEqual({ stored: 'h.0.ln_1.weight' });
  for (const name of [
    'lm_head.weight',
    'score.weight',
    'classifier.dense.weight',
    'transformer.lm_heads.weight',
  ]) {
    expect(found.has(name), name).toBe(true);
  }
});

test('a matrix that is stored [in, out] is read as [out, in]; a checkpoint under its own names is left as it is', async () => {
  const stored = await open('gpt2');
  const { checkpoint } = modelCheckpoint(stored);
  const name = 'transformer.h.0.mlp.c_fc.weight';
  const [before, after] = [await stored.read(name), await checkpoint.read(name)];
  expect(after.shape).toEqual(before.shape.toReversed());
  const [rows, columns] = before.shape as [number, number];
  expect(after.data[3 * rows + 1]).toBe(before.data[columns + 3]);
  const llama = await open('llama');
  expect(modelCheckpoint(llama).checkpoint).toBe(llama);
});

describe('fused matrices whose shape is not what config.json promises', () => {
  const FUSED: Record<string, string> = {
    gpt2: 'transformer.h.0.attn.c_attn.weight',
    gpt_bigcode: 'transformer.h.0.attn.c_attn.weight',
    'gpt_bigcode-mha': 'transformer.h.0.attn.c_attn.bias',
    codegen: 'transformer.h.1.attn.qkv_proj.weight',
    glm: 'model.layers.0.mlp.gate_up_proj.weight',
    chatglm: 'transformer.encoder.layers.1.self_attention.query_key_value.weight',
  };

  test.each(Object.entries(FUSED))('%s: a row or column too few', async (fixture, name) => {
    for (const axis of [0, 1]) {
      const stored = await changed(fixture, (tensors) => {
        const { shape } = tensors.get(name)!;
        if (axis < shape.length) tensors.set(name, { shape: shape.with(axis, shape[axis]! - 1) });
        else tensors.delete(name);
      });
      expect(() => modelCheckpoint(stored)).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^CHECKPOINT_TENSOR_(SHAPE|MISSING)$/),
          where: { file: 'models/tiny', name },
        }),
      );
    }
  });

  test.each([
    ['gpt_bigcode', { multi_query: false }],
    ['gpt_bigcode-mha', { multi_query: true }],
  ])('%s: another number of keys and values than multi_query says', async (fixture, config) => {
    const stored = await changed(fixture, () => {}, config);
    expect(() => modelCheckpoint(stored)).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_TENSOR_SHAPE',
        where: { file: 'models/tiny', name: 'transformer.h.0.attn.c_attn.weight' },
      }),
    );
  });
});

test('learned positions: as many rows as config.json says', async () => {
  const stored = await changed('gpt2', () => {}, { n_positions: 300 });
  expect(() => modelCheckpoint(stored)).toThrow(
    expect.objectContaining({
      code: 'CHECKPOINT_TENSOR_SHAPE',
      where: { file: 'models/tiny', name: 'transformer.wpe.weight' },
    }),
  );
});

test("a checkpoint's own classifier is not used: its three labels do not matter", async () => {
  const stored = await changed('llama', (tensors) => tensors.set('score.weight', { shape: [3, 32] }), {
    num_labels: 3,
    id2label: { 0: 'a', 1: 'b', 2: 'c' },
  });
  expect(modelCheckpoint(stored).model.heads.classifier).toBe('score');
});
