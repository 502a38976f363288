/** @file CodeGen, and CodeGen2 with twice the shards. */
import { describe, expect, test } from 'vitest';
import { columnsOf, familyReader, matrixRows } from '../../../support/read-family.ts';

const codegen = familyReader({
  model_type: 'codegen',
  vocab_size: 90,
  n_embd: 32,
  n_layer: 2,
  n_head: 8,
  n_positions: 50,
  n_inner: 20,
  rotary_dim: 2,
  eos_token_id: 50_256,
});
const SECOND = { auto_map: { AutoConfig: 'configuration_codegen.CodeGenConfig' }, eos_token_id: 2 };

test('names, sizes, one norm for both sublayers', () => {
  const { layers, ...whole } = codegen.read();
  const norm = (name: string) => ({ kind: 'layer', name, epsilon: 1e-5, bias: true });
  expect(whole).toMatchObject({
    family: 'codegen',
    maxPositions: 50,
    positionLimit: 50,
    embedding: { tokens: 'transformer.wte.weight' },
    finalNorm: norm('transformer.ln_f'),
    heads: {
      classifier: 'score',
      languageModel: 'lm_head.weight',
      languageModelBias: 'lm_head.bias',
      lacksClassifier: true,
    },
  });
  const { block, prefix } = layers[1]!;
  expect(prefix).toBe('transformer.h.1.');
  expect(block).toMatchObject({
    residual: 'parallel',
    norms: { attention: norm('ln_1'), mlp: norm('ln_1') },
    attention: { rotary: { base: 10_000, size: 2, headSize: 4, interleaved: true } },
    mlp: { kind: 'plain', activation: 'gelu-tanh' },
  });
  expect(matrixRows(block)).toEqual([
    ['attn.qkv_proj', 32, 96, false],
    ['attn.out_proj', 32, 32, false],
    ['mlp.fc_in', 32, 20, true],
    ['mlp.fc_out', 20, 32, true],
  ]);
});

test('a head that turns whole has no size beside', () => {
  expect(codegen.block({ rotary_dim: 4 }).attention.rotary).not.toHaveProperty('headSize');
});

describe('shards', () => {
  /** Column c of the fused matrix lies in a shard, in a part of it: query, value or key. */
  const partsOf = (changed: object, shards: number) => {
    const { query, value, key } = codegen.block(changed).attention;
    const width = 32 / shards;
    return [query, value, key].map((one) => new Set(columnsOf(one).map((c) => Math.floor(c / width) % 3)));
  };

  test.each<[string, object, number]>([
    ['CodeGen', {}, 4],
    ['CodeGen that says so', { mp_num: 4 }, 4],
    ['CodeGen with code of its own', { ...SECOND, eos_token_id: 50_256 }, 4],
    ['CodeGen2', SECOND, 8],
    ['CodeGen2 that says so', { ...SECOND, mp_num: 8 }, 8],
    ['a converted CodeGen2: mp_num alone', { eos_token_id: 2, mp_num: 8 }, 8],
  ])('%s: queries, values and keys, in this order', (_what, changed, shards) => {
    expect(partsOf(changed, shards)).toEqual([new Set([0]), new Set([1]), new Set([2])]);
    const { query, value, key } = codegen.block(changed).attention;
    const all = [query, value, key].flatMap(columnsOf);
    expect(all).toHaveLength(96);
    expect(new Set(all).size).toBe(96);
  });

  test.each<[object, string]>([
    [{ mp_num: 2 }, 'mp_num'],
    [{ mp_num: 16 }, 'mp_num'],
    [{ ...SECOND, mp_num: 4 }, 'mp_num'],
    [{ ...SECOND, mp_num: 16 }, 'mp_num'],
    [{ n_head: 2 }, 'n_head'],
    [{ ...SECOND, n_head: 4, rotary_dim: 4 }, 'n_head'],
  ])('%j is refused', (changed, name) => {
    codegen.refused(changed, 'MODEL_FEATURE_UNSUPPORTED', name);
  });
});

test('what is refused, by name', () => {
  for (const rotary_dim of [3, 6]) {
    codegen.refused({ rotary_dim }, 'MODEL_FEATURE_UNSUPPORTED', 'rotary_dim');
  }
  codegen.refused({ n_head: 5 }, 'MODEL_FEATURE_UNSUPPORTED', 'n_head');
  codegen.refused({ n_layer: undefined }, 'MODEL_CONFIG_FIELD', 'n_layer');
  codegen.refused({ auto_map: 'x' }, 'MODEL_CONFIG_FIELD', 'auto_map');
  codegen.refused({ eos_token_id: 'x', auto_map: {} }, 'MODEL_CONFIG_FIELD', 'eos_token_id');
});

test('with the end of CodeGen2 and no word of its code, the shards have to be told', () => {
  codegen.refused({ eos_token_id: 2 }, 'MODEL_FEATURE_UNSUPPORTED', 'mp_num');
  for (const mp_num of [4, 8]) expect(() => codegen.read({ eos_token_id: 2, mp_num })).not.toThrow();
});
