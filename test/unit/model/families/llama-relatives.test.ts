/** @file Families that have Llama's names with other parts: Qwen3, StarCoder2, Phi, Gemma 3, OLMo 2, StableLM. */
import { describe, expect, test } from 'vitest';
import { familyReader, matrixRows } from '../../../support/read-family.ts';

const SIZES = {
  vocab_size: 90,
  hidden_size: 48,
  intermediate_size: 100,
  num_hidden_layers: 3,
  num_attention_heads: 6,
  num_key_value_heads: 2,
};
const family = (model_type: string) => familyReader({ model_type, ...SIZES });
const biased = (rows: ReturnType<typeof matrixRows>) => rows.filter((row) => row[3]).map((row) => row[0]);

describe('Qwen3', () => {
  const qwen3 = family('qwen3');

  test('query and key heads are normed; their size is free of the hidden state', () => {
    const head = (name: string) => ({ over: 'head', norm: { kind: 'rms', name, epsilon: 1e-6 } });
    expect(qwen3.block({ head_dim: 10 }).attention).toMatchObject({
      headSize: 10,
      queryNorm: head('self_attn.q_norm'),
      keyNorm: head('self_attn.k_norm'),
      query: { matrix: { outputSize: 60 } },
    });
    expect(qwen3.block().attention.headSize).toBe(128);
    expect(qwen3.read()).toMatchObject({ maxPositions: 32_768, heads: { languageModel: 'lm_head.weight' } });
  });

  test('biases as attention_bias says; windows as Qwen2', () => {
    expect(biased(matrixRows(qwen3.block()))).toEqual([]);
    expect(biased(matrixRows(qwen3.block({ attention_bias: true })))).toHaveLength(4);
    const { layers } = qwen3.read({ use_sliding_window: true, sliding_window: 6, max_window_layers: 1 });
    expect(layers.map(({ block }) => block.attention.window)).toEqual([undefined, 6, 6]);
  });
});

describe('StarCoder2', () => {
  const starcoder2 = family('starcoder2');

  test('layer norms, biases everywhere, an ungated MLP, tied embeddings', () => {
    const block = starcoder2.block();
    expect(block.norms.mlp).toEqual({
      kind: 'layer',
      name: 'post_attention_layernorm',
      epsilon: 1e-5,
      bias: true,
    });
    expect(matrixRows(block).slice(4)).toEqual([
      ['mlp.c_fc', 48, 100, true],
      ['mlp.c_proj', 100, 48, true],
    ]);
    expect(biased(matrixRows(block))).toHaveLength(6);
    expect(block.mlp.activation).toBe('gelu-tanh');
    const { heads, maxPositions } = starcoder2.read();
    expect([heads.languageModel, maxPositions]).toEqual(['model.embed_tokens.weight', 4096]);
  });

  test('use_bias, and a window in every layer', () => {
    expect(biased(matrixRows(starcoder2.block({ use_bias: false })))).toEqual([]);
    const windows = (sliding_window: unknown) =>
      starcoder2.read({ sliding_window }).layers.map(({ block }) => block.attention.window);
    expect([windows(6), windows(null)]).toEqual([[6, 6, 6], Array(3).fill(undefined)]);
    starcoder2.refused({ norm_epsilon: 0 }, 'MODEL_CONFIG_FIELD', 'norm_epsilon');
  });
});

describe('Phi', () => {
  const phi = family('phi');

  test('both sublayers behind one norm; half of a head turns', () => {
    const norm = { kind: 'layer', name: 'input_layernorm', epsilon: 1e-5, bias: true };
    expect(phi.block()).toMatchObject({
      residual: 'parallel',
      norms: { attention: norm, mlp: norm },
      attention: { rotary: { size: 4, headSize: 8 } },
      mlp: { kind: 'plain', activation: 'gelu-tanh' },
    });
    expect(matrixRows(phi.block()).map((row) => row[0])).toEqual([
      ...['q_proj', 'k_proj', 'v_proj', 'dense'].map((name) => `self_attn.${name}`),
      'mlp.fc1',
      'mlp.fc2',
    ]);
    expect(biased(matrixRows(phi.block()))).toHaveLength(6);
    expect(phi.read()).toMatchObject({
      finalNorm: { name: 'model.final_layernorm' },
      heads: { languageModel: 'lm_head.weight', languageModelBias: 'lm_head.bias' },
    });
  });

  test('what is refused, by name', () => {
    phi.refused({ qk_layernorm: true }, 'MODEL_FEATURE_UNSUPPORTED', 'qk_layernorm');
    phi.refused({ layer_norm_eps: 'x' }, 'MODEL_CONFIG_FIELD', 'layer_norm_eps');
  });
});

describe('Gemma 3', () => {
  const gemma = family('gemma3_text');

  test('four norms times 1 + weight, embeddings times sqrt(D), scores by query_pre_attn_scalar', () => {
    const norm = (name: string) => ({ kind: 'rms', name, epsilon: 1e-6, onePlus: true });
    const { norms, attention, mlp } = gemma.block({ query_pre_attn_scalar: 16 });
    expect(norms).toEqual({
      attention: norm('input_layernorm'),
      afterAttention: norm('post_attention_layernorm'),
      mlp: norm('pre_feedforward_layernorm'),
      afterMlp: norm('post_feedforward_layernorm'),
    });
    expect(attention).toMatchObject({
      scale: 1 / 4,
      headSize: 256,
      queryNorm: { norm: norm('self_attn.q_norm'), over: 'head' },
    });
    expect([mlp.kind, mlp.activation]).toEqual(['gated', 'gelu-tanh']);
    expect(gemma.read()).toMatchObject({
      embedding: { scale: Math.sqrt(48) },
      heads: { languageModel: 'model.embed_tokens.weight' },
      finalNorm: norm('model.norm'),
    });
    expect(gemma.block({ num_attention_heads: 8, num_key_value_heads: undefined }).attention).toMatchObject({
      keyValueHeadCount: 4,
      scale: 1 / 16,
    });
  });

  const layersOf = (changed: object) =>
    gemma.read({ num_hidden_layers: 4, sliding_window: 6, ...changed }).layers.map(({ block }) => {
      const { window, rotary } = block.attention;
      return [window, rotary!.base, rotary!.scaling.kind];
    });
  const SLIDING = [6, 10_000, 'default'];
  const FULL = [undefined, 1_000_000, 'default'];

  test.each<[string, object, unknown[]]>([
    ['every sixth sees all where nothing is said', {}, [SLIDING, SLIDING, SLIDING, SLIDING]],
    ['a period of its own', { sliding_window_pattern: 2 }, [SLIDING, FULL, SLIDING, FULL]],
    [
      'layer by layer',
      { layer_types: ['full', 'sliding', 'full', 'full'].map((kind) => `${kind}_attention`) },
      [FULL, SLIDING, FULL, FULL],
    ],
    [
      'older files scale only the layers that see all',
      {
        sliding_window_pattern: 2,
        rope_theta: 500,
        rope_local_base_freq: 50,
        rope_scaling: { rope_type: 'linear', factor: 8 },
      },
      [
        [6, 50, 'default'],
        [undefined, 500, 'linear'],
        [6, 50, 'default'],
        [undefined, 500, 'linear'],
      ],
    ],
    [
      'newer ones have a section for each kind',
      {
        sliding_window_pattern: 2,
        rope_parameters: {
          full_attention: { rope_type: 'linear', factor: 8, rope_theta: 700 },
          sliding_attention: { rope_type: 'default', rope_theta: 70 },
        },
      },
      [
        [6, 70, 'default'],
        [undefined, 700, 'linear'],
        [6, 70, 'default'],
        [undefined, 700, 'linear'],
      ],
    ],
    [
      'a section without a base has the one of its kind of layer, not the other kind',
      {
        sliding_window_pattern: 2,
        rope_theta: 500,
        rope_parameters: { full_attention: {}, sliding_attention: { rope_type: 'linear', factor: 2 } },
      },
      [
        [6, 10_000, 'linear'],
        [undefined, 500, 'default'],
        [6, 10_000, 'linear'],
        [undefined, 500, 'default'],
      ],
    ],
    [
      'a section for one kind of layer alone',
      { sliding_window_pattern: 2, rope_parameters: { sliding_attention: { rope_theta: 70 } } },
      [[6, 70, 'default'], FULL, [6, 70, 'default'], FULL],
    ],
  ])('windows and angles: %s', (_what, changed, expected) => {
    expect(layersOf(changed)).toEqual(expected);
  });

  test.each<[object, string]>([
    [{ attn_logit_softcapping: 50 }, 'attn_logit_softcapping'],
    [{ final_logit_softcapping: 30 }, 'final_logit_softcapping'],
    [{ use_bidirectional_attention: true }, 'use_bidirectional_attention'],
    [{ hidden_activation: 'mish' }, 'hidden_activation'],
    [{ num_hidden_layers: 1, layer_types: ['chunked_attention'] }, 'layer_types'],
    [{ rope_parameters: { rope_type: 'default', rope_theta: 500 } }, 'rope_parameters'],
    [{ rope_parameters: { full_atention: { rope_theta: 500 } } }, 'rope_parameters'],
    [{ rope_parameters: { full_attention: {} }, rope_scaling: { factor: 2 } }, 'rope_scaling'],
  ])('%j is refused', (changed, name) => {
    gemma.refused(changed, 'MODEL_FEATURE_UNSUPPORTED', name);
  });
});

describe('OLMo 2', () => {
  const olmo2 = family('olmo2');

  test('norms behind the sublayers only; queries and keys normed over all heads', () => {
    const norm = (name: string) => ({ kind: 'rms', name, epsilon: 1e-5 });
    const overAll = (name: string) => ({ over: 'all-heads', norm: norm(name) });
    const block = olmo2.block();
    expect(block.norms).toEqual({
      attention: { kind: 'none' },
      afterAttention: norm('post_attention_layernorm'),
      mlp: { kind: 'none' },
      afterMlp: norm('post_feedforward_layernorm'),
    });
    expect(block).toMatchObject({
      residual: 'pre-norm',
      attention: { queryNorm: overAll('self_attn.q_norm'), keyNorm: overAll('self_attn.k_norm') },
      mlp: { kind: 'gated', activation: 'silu' },
    });
    expect(olmo2.read()).toMatchObject({
      finalNorm: norm('model.norm'),
      maxPositions: 2048,
      heads: { classifier: 'score', languageModel: 'lm_head.weight' },
    });
  });

  test('biases of the attention as attention_bias says, none elsewhere', () => {
    expect(biased(matrixRows(olmo2.block()))).toEqual([]);
    expect(biased(matrixRows(olmo2.block({ attention_bias: true })))).toEqual(
      ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((name) => `self_attn.${name}`),
    );
  });

  test('what is refused, by name', () => {
    olmo2.refused({ hidden_act: 'mish' }, 'MODEL_FEATURE_UNSUPPORTED', 'hidden_act');
    olmo2.refused({ num_key_value_heads: 4 }, 'MODEL_FEATURE_UNSUPPORTED', 'num_key_value_heads');
    olmo2.refused({ rms_norm_eps: 0 }, 'MODEL_CONFIG_FIELD', 'rms_norm_eps');
  });
});

describe('StableLM', () => {
  const stablelm = family('stablelm');
  const norm = (name: string) => ({ kind: 'layer', name, epsilon: 1e-5, bias: true });

  test('layer norms, a gated MLP, a quarter of a head turns', () => {
    const wide = { hidden_size: 96 };
    expect(stablelm.block(wide)).toMatchObject({
      residual: 'pre-norm',
      norms: { attention: norm('input_layernorm'), mlp: norm('post_attention_layernorm') },
      attention: { rotary: { size: 4, headSize: 16 } },
      mlp: { kind: 'gated', activation: 'silu' },
    });
    expect(stablelm.block({ ...wide, partial_rotary_factor: 0.5 }).attention.rotary?.size).toBe(8);
    expect(stablelm.read()).toMatchObject({
      finalNorm: norm('model.norm'),
      maxPositions: 4096,
      heads: { classifier: 'score', languageModel: 'lm_head.weight' },
    });
  });

  test('biases on queries, keys and values as use_qkv_bias says', () => {
    expect(biased(matrixRows(stablelm.block()))).toEqual([]);
    expect(biased(matrixRows(stablelm.block({ use_qkv_bias: true })))).toEqual(
      ['q_proj', 'k_proj', 'v_proj'].map((name) => `self_attn.${name}`),
    );
  });

  test('32 heads of keys where the file does not say how many', () => {
    const heads = { hidden_size: 512, num_attention_heads: 64, num_key_value_heads: undefined };
    expect(stablelm.block(heads).attention.keyValueHeadCount).toBe(32);
  });

  test('use_parallel_residual: both sublayers behind one norm', () => {
    const { residual, norms } = stablelm.block({ use_parallel_residual: true });
    expect([residual, norms]).toEqual([
      'parallel',
      { attention: norm('input_layernorm'), mlp: norm('input_layernorm') },
    ]);
  });

  test('what is refused, by name', () => {
    stablelm.refused({ qk_layernorm: true }, 'MODEL_FEATURE_UNSUPPORTED', 'qk_layernorm');
    stablelm.refused({ partial_rotary_factor: 0.4 }, 'MODEL_FEATURE_UNSUPPORTED', 'partial_rotary_factor');
    stablelm.refused({ layer_norm_eps: 0 }, 'MODEL_CONFIG_FIELD', 'layer_norm_eps');
    stablelm.refused({ use_parallel_residual: 1 }, 'MODEL_CONFIG_FIELD', 'use_parallel_residual');
  });
});
