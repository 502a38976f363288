/** @file GPT-2 and GPTBigCode. */
import { describe, expect, test } from 'vitest';
import { matricesOf } from '../../../../src/model/matrices.ts';
import { columnsOf, familyReader, matrixRows } from '../../../support/read-family.ts';

const SIZES = { vocab_size: 90, n_embd: 12, n_layer: 3, n_head: 4, n_positions: 50, n_inner: 20 };
const gpt2 = familyReader({ model_type: 'gpt2', ...SIZES });
const bigcode = familyReader({ model_type: 'gpt_bigcode', ...SIZES });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('GPT-2: names, sizes, positions', () => {
  const { layers, ...whole } = gpt2.read();
  const norm = (name: string) => ({ kind: 'layer', name, epsilon: 1e-5, bias: true });
  expect(whole).toEqual({
    family: 'gpt2',
    vocabularySize: 90,
    hiddenSize: 12,
    maxPositions: 50,
    positionLimit: 50,
    padTokenId: undefined,
    embedding: {
      tokens: 'transformer.wte.weight',
      positions: { name: 'transformer.wpe.weight', first: 0, rows: 50 },
    },
    finalNorm: norm('transformer.ln_f'),
    heads: { classifier: 'score', languageModel: 'transformer.wte.weight' },
  });
  expect(layers.map(({ prefix }) => prefix)).toEqual([0, 1, 2].map((n) => `transformer.h.${n}.`));
  const block = gpt2.block();
  expect(block).toMatchObject({
    residual: 'pre-norm',
    norms: { attention: norm('ln_1'), mlp: norm('ln_2') },
    attention: {
      headCount: 4,
      keyValueHeadCount: 4,
      headSize: 3,
      scale: 1 / Math.sqrt(3),
      rotary: undefined,
    },
    mlp: { kind: 'plain', activation: 'gelu-tanh' },
  });
  expect(matrixRows(block)).toEqual([
    ['attn.c_attn', 12, 36, true],
    ['attn.c_proj', 12, 12, true],
    ['mlp.c_fc', 12, 20, true],
    ['mlp.c_proj', 20, 12, true],
  ]);
});

test("GPT-2 holds matrices [in, out], as Transformers' Conv1D; GPTBigCode does not", () => {
  expect(matricesOf(gpt2.block()).map((m) => m.transposed)).toEqual([true, true, true, true]);
  expect(matricesOf(bigcode.block()).some((m) => 'transposed' in m)).toBe(false);
});

describe('queries, keys and values of the fused matrix', () => {
  const split = ({ query, key, value }: ReturnType<typeof gpt2.block>['attention']) =>
    [query, key, value].map(columnsOf);

  test('GPT-2: one behind the other', () => {
    expect(split(gpt2.block().attention)).toEqual([range(0, 12), range(12, 24), range(24, 36)]);
  });

  test('GPTBigCode: all heads, then one key and one value', () => {
    const { attention } = bigcode.block();
    expect(attention.keyValueHeadCount).toBe(1);
    expect(attention.query.matrix.outputSize).toBe(18);
    expect(split(attention)).toEqual([range(0, 12), range(12, 15), range(15, 18)]);
  });

  test('GPTBigCode without multi_query: query, key and value of each head', () => {
    const { attention } = bigcode.block({ multi_query: false });
    expect(attention.keyValueHeadCount).toBe(4);
    const ofHeads = (part: number) =>
      [0, 1, 2, 3].flatMap((h) => range(9 * h + 3 * part, 9 * h + 3 * part + 3));
    expect(split(attention)).toEqual([ofHeads(0), ofHeads(1), ofHeads(2)]);
  });
});

test.each<[string, object, object]>([
  ['n_inner: four times', { n_inner: null }, { mlp: { up: { outputSize: 48 } } }],
  ['the activation', { activation_function: 'relu' }, { mlp: { activation: 'relu' } }],
  ['the exact gelu', { activation_function: 'gelu' }, { mlp: { activation: 'gelu' } }],
  ['the epsilon', { layer_norm_epsilon: 0.5 }, { norms: { mlp: { epsilon: 0.5 } } }],
  ['scores that are not scaled', { scale_attn_weights: false }, { attention: { scale: 1 } }],
])('%s', (_what, changed, expected) => {
  expect(gpt2.block(changed)).toMatchObject(expected);
  expect(bigcode.block(changed)).toMatchObject(expected);
});

test('scores divided by the number of the layer', () => {
  const { layers } = gpt2.read({ scale_attn_by_inverse_layer_idx: true });
  expect(layers.map(({ block }) => block.attention.scale)).toEqual(
    [1, 2, 3].map((n) => 1 / Math.sqrt(3) / n),
  );
});

test('defaults that a config.json may leave out', () => {
  const model = gpt2.read({ n_positions: undefined, n_embd: undefined, n_head: undefined });
  expect(model).toMatchObject({ hiddenSize: 768, positionLimit: 1024 });
  expect(model.layers[0]!.block.attention).toMatchObject({ headCount: 12, headSize: 64 });
  expect(gpt2.read({ tie_word_embeddings: false }).heads.languageModel).toBe('lm_head.weight');
  expect(bigcode.block().mlp.activation).toBe('gelu-tanh');
});

test('what is refused, by name', () => {
  for (const { refused } of [gpt2, bigcode]) {
    refused({ n_head: 5 }, 'MODEL_FEATURE_UNSUPPORTED', 'n_head');
    refused({ add_cross_attention: true }, 'MODEL_FEATURE_UNSUPPORTED', 'add_cross_attention');
    refused({ activation_function: 'mish' }, 'MODEL_FEATURE_UNSUPPORTED', 'activation_function');
    for (const name of ['n_layer', 'vocab_size']) refused({ [name]: undefined }, 'MODEL_CONFIG_FIELD', name);
    for (const name of ['n_positions', 'n_inner', 'n_embd', 'n_head']) {
      refused({ [name]: 1.5 }, 'MODEL_CONFIG_FIELD', name);
    }
  }
  bigcode.refused({ multi_query: 1 }, 'MODEL_CONFIG_FIELD', 'multi_query');
});
