import { describe, expect, test } from 'vitest';
import { FAMILY_NAMES, readModel } from '../../../../src/model/families/registry.ts';
import { matricesOf } from '../../../../src/model/matrices.ts';
import { rotaryFrequencies, rotaryTable } from '../../../../src/model/rotary-table.ts';
import type { Model } from '../../../../src/model/spec.ts';

/** Sizes that are all different, so that a mix-up shows. */
const config = {
  model_type: 'llama',
  vocab_size: 1000,
  hidden_size: 48,
  intermediate_size: 100,
  num_hidden_layers: 3,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  max_position_embeddings: 777,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};

const read = (changed: object = {}): Model => readModel({ ...config, ...changed }, 'config.json');

const firstBlock = (changed: object = {}) => read(changed).layers[0]!.block;
const attention = (changed: object = {}) => firstBlock(changed).attention;
const biasedMatrices = (changed: object) =>
  matricesOf(firstBlock(changed)).flatMap(({ name, bias }) => (bias ? [name] : []));

const refused = (changed: object, code: string, name: string) => {
  expect(() => read(changed)).toThrow(
    expect.objectContaining({ code, where: { file: 'config.json', name } }),
  );
};

describe('a Llama configuration', () => {
  test('sizes, matrices and names', () => {
    const { layers, ...whole } = read();
    expect(whole).toEqual({
      family: 'llama',
      vocabularySize: 1000,
      hiddenSize: 48,
      maxPositions: 777,
      padTokenId: undefined,
      embedding: { tokens: 'model.embed_tokens.weight' },
      finalNorm: { kind: 'rms', name: 'model.norm', epsilon: 1e-5 },
      heads: { classifier: 'score', languageModel: 'model.embed_tokens.weight' },
    });
    expect(layers.map(({ prefix }) => prefix)).toEqual([
      'model.layers.0.',
      'model.layers.1.',
      'model.layers.2.',
    ]);
    const { attention: a, mlp, norms, residual } = firstBlock();
    expect(a).toMatchObject({
      headCount: 6,
      keyValueHeadCount: 2,
      headSize: 8,
      window: undefined,
      rotary: { base: 10_000, scaling: { kind: 'default' }, size: 8 },
    });
    expect([residual, mlp.kind, mlp.activation]).toEqual(['pre-norm', 'gated', 'silu']);
    expect(norms).toEqual({
      attention: { kind: 'rms', name: 'input_layernorm', epsilon: 1e-5 },
      mlp: { kind: 'rms', name: 'post_attention_layernorm', epsilon: 1e-5 },
    });
    const shapes = matricesOf(firstBlock()).map((m) => [m.name, m.inputSize, m.outputSize, m.bias]);
    expect(shapes).toEqual([
      ['self_attn.q_proj', 48, 48, false],
      ['self_attn.k_proj', 48, 16, false],
      ['self_attn.v_proj', 48, 16, false],
      ['self_attn.o_proj', 48, 48, false],
      ['mlp.gate_proj', 48, 100, false],
      ['mlp.up_proj', 48, 100, false],
      ['mlp.down_proj', 100, 48, false],
    ]);
  });

  test('a head of its own where it is not tied, which is how it is when nothing is said', () => {
    expect(read({ tie_word_embeddings: false }).heads.languageModel).toBe('lm_head.weight');
    expect(read({ tie_word_embeddings: undefined }).heads.languageModel).toBe('lm_head.weight');
  });

  test('heads whose size is not that of the hidden state divided', () => {
    const { headSize, query, key, output } = attention({ head_dim: 10 });
    expect(headSize).toBe(10);
    expect([query.matrix.outputSize, key.matrix.outputSize]).toEqual([60, 20]);
    expect([output.inputSize, output.outputSize]).toEqual([60, 48]);
  });

  test.each([
    [
      'keys and values have as many heads as queries',
      { num_key_value_heads: null },
      { layers: [{ block: { attention: { keyValueHeadCount: 6 } } }, {}, {}] },
    ],
    ['the head size', { head_dim: null }, { layers: [{ block: { attention: { headSize: 8 } } }, {}, {}] }],
    ['the epsilon', { rms_norm_eps: undefined }, { finalNorm: { epsilon: 1e-6 } }],
    ['the most positions', { max_position_embeddings: undefined }, { maxPositions: 2048 }],
  ])('what is left out: %s', (_what, changed, expected) => {
    expect(read(changed)).toMatchObject(expected);
  });

  test.each([
    ['attention_bias', ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((name) => `self_attn.${name}`)],
    ['mlp_bias', ['gate_proj', 'up_proj', 'down_proj'].map((name) => `mlp.${name}`)],
  ])('%s', (flag, names) => {
    expect(biasedMatrices({ [flag]: true })).toEqual(names);
  });
});

describe('mistakes, by the name of the field', () => {
  const SIZES = [
    'vocab_size',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'intermediate_size',
  ];

  test.each(SIZES)('%s missing, or no positive whole number', (name) => {
    for (const value of [undefined, null, 0, -1, 1.5, '48', true, Number.NaN, [48]]) {
      refused({ [name]: value }, 'MODEL_CONFIG_FIELD', name);
    }
  });

  test.each<[string, unknown]>([
    ['num_key_value_heads', 0],
    ['num_key_value_heads', '2'],
    ['head_dim', 2.5],
    ['max_position_embeddings', -1],
    ['rms_norm_eps', '1e-6'],
    ['tie_word_embeddings', 'yes'],
    ['attention_bias', 1],
    ['hidden_act', 3],
    ['rope_theta', '10000'],
    ['rope_parameters', 'linear'],
    ['rope_parameters', []],
  ])('%s: %j', (name, value) => {
    refused({ [name]: value }, 'MODEL_CONFIG_FIELD', name);
  });

  test.each<[string, unknown]>([
    ['hidden_act', 'mish'],
    ['num_key_value_heads', 4],
    ['head_dim', 7],
  ])('%s: %j is not supported', (name, value) => {
    refused({ [name]: value }, 'MODEL_FEATURE_UNSUPPORTED', name);
  });

  test.each(['gpt3', 'LLAMA', '', 'toString', '__proto__'])('model_type "%s"', (model_type) => {
    refused({ model_type }, 'MODEL_ARCHITECTURE_UNKNOWN', 'model_type');
    expect(() => read({ model_type })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(FAMILY_NAMES.join(', ')) }),
    );
  });

  test('no model_type at all', () => {
    refused({ model_type: undefined }, 'MODEL_CONFIG_FIELD', 'model_type');
  });
});

describe('the rotary embedding', () => {
  const llama3 = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const LLAMA3 = {
    kind: 'llama3',
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalMaxPositions: 8192,
  };

  test.each<[string, object, number, object]>([
    ['nothing said', {}, 10_000, { kind: 'default' }],
    ['a base of its own', { rope_theta: 500 }, 500, { kind: 'default' }],
    ['scaling that is null', { rope_theta: 500, rope_scaling: null }, 500, { kind: 'default' }],
    [
      'as before Transformers 5, with the oldest name of the kind',
      { rope_theta: 500, rope_scaling: { type: 'linear', factor: 4 } },
      500,
      { kind: 'linear', factor: 4 },
    ],
    [
      'with the later name',
      { rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...llama3 } },
      5e5,
      LLAMA3,
    ],
    [
      'both names: the later one counts',
      { rope_scaling: { type: 'yarn', rope_type: 'linear', factor: 2 } },
      10_000,
      { kind: 'linear', factor: 2 },
    ],
    [
      'as of Transformers 5: all in one',
      { rope_parameters: { rope_type: 'linear', factor: 4, rope_theta: 500 } },
      500,
      { kind: 'linear', factor: 4 },
    ],
    [
      'as of Transformers 5, llama3',
      { rope_parameters: { rope_type: 'llama3', rope_theta: 5e5, ...llama3 } },
      5e5,
      LLAMA3,
    ],
    [
      'in both places: the newer one counts',
      {
        rope_theta: 1,
        rope_scaling: { type: 'linear', factor: 9 },
        rope_parameters: { rope_type: 'default', rope_theta: 500 },
      },
      500,
      { kind: 'default' },
    ],
    [
      'a base outside of the new place',
      { rope_theta: 500, rope_parameters: { rope_type: 'default' } },
      500,
      { kind: 'default' },
    ],
  ])('%s', (_what, changed, base, scaling) => {
    expect(attention(changed).rotary).toEqual({ base, scaling, size: 8 });
  });

  test.each(['proportional', 'toString'])('%s is not supported', (kind) => {
    refused({ rope_scaling: { rope_type: kind, factor: 2 } }, 'MODEL_FEATURE_UNSUPPORTED', 'rope_type');
    refused({ rope_scaling: { type: kind, factor: 2 } }, 'MODEL_FEATURE_UNSUPPORTED', 'rope_type');
  });

  test('a section for each kind of layer is not passed over', () => {
    const rope_parameters = { full_attention: { rope_type: 'linear', factor: 8 } };
    refused({ rope_parameters }, 'MODEL_FEATURE_UNSUPPORTED', 'rope_parameters');
  });

  test('a factor without a type is not passed over', () => {
    refused({ rope_parameters: { rope_typ: 'linear', factor: 8 } }, 'MODEL_CONFIG_FIELD', 'rope_type');
    refused({ rope_scaling: { factor: 8 } }, 'MODEL_CONFIG_FIELD', 'rope_type');
  });

  // Frequencies and factors as ROPE_INIT_FUNCTIONS of Transformers 5.23 give them for heads of 16.
  test.each<[string, object, readonly number[], number]>([
    [
      'yarn',
      { rope_type: 'yarn', factor: 4 },
      [1, 0.23717082, 0.05, 0.0079056947, 0.0025, 0.00079056947, 0.00025, 7.9056947e-5],
      1.138629436111989,
    ],
    [
      'yarn with bounds that are not whole, and other magnitudes',
      {
        rope_type: 'yarn',
        factor: 4,
        beta_fast: 8,
        beta_slow: 2,
        truncate: false,
        mscale: 0.7,
        mscale_all_dim: 1,
      },
      [1, 0.27917454, 0.025996597, 0.0079056947, 0.0025, 0.00079056947, 0.00025, 7.9056947e-5],
      0.9634746568860826,
    ],
    [
      'longrope, up to the first length',
      {
        rope_type: 'longrope',
        short_factor: [1, 1.1, 1.2, 1.3, 1.5, 2, 3, 4],
        long_factor: Array(8).fill(2),
      },
      [1, 0.28747976, 0.083333336, 0.024325214, 0.0066666668, 0.0015811389, 0.00033333333, 7.9056947e-5],
      1.1338934190276817,
    ],
  ])('%s', (_what, section, frequencies, factor) => {
    const { rotary } = attention({
      head_dim: 16,
      max_position_embeddings: 512,
      rope_parameters: { rope_theta: 10_000, original_max_position_embeddings: 128, ...section },
    });
    const found = rotaryFrequencies(rotary!).data;
    expect(found).toHaveLength(8);
    for (const [i, x] of found.entries()) expect(x / frequencies[i]!).toBeCloseTo(1, 6);
    // Position 0 turns nothing: its cosines are the factor itself.
    expect(rotaryTable(rotary!, 1).cos.data[0]).toBeCloseTo(factor, 6);
  });

  test('where frequencies would depend on the longest text of a batch, longer ones are refused', () => {
    const limit = (rope_parameters: object) =>
      read({ max_position_embeddings: 512, rope_parameters }).positionLimit;
    const longrope = {
      rope_type: 'longrope',
      short_factor: Array(4).fill(1),
      original_max_position_embeddings: 128,
    };
    expect(limit(longrope)).toBe(128);
    expect(limit({ rope_type: 'dynamic', factor: 2 })).toBe(512);
    expect(limit({ rope_type: 'yarn', factor: 2 })).toBeUndefined();
  });

  test.each<[object, string]>([
    [{ type: 'linear' }, 'factor'],
    [{ type: 'linear', factor: '4' }, 'factor'],
    [{ rope_type: 'llama3', ...llama3, low_freq_factor: undefined }, 'low_freq_factor'],
    [{ rope_type: 'llama3', ...llama3, high_freq_factor: null }, 'high_freq_factor'],
    [
      { rope_type: 'llama3', ...llama3, original_max_position_embeddings: 0 },
      'original_max_position_embeddings',
    ],
    [{ rope_type: 4 }, 'rope_type'],
  ])('%j lacks something', (rope_scaling, name) => {
    refused({ rope_scaling }, 'MODEL_CONFIG_FIELD', name);
  });
});

describe('windows of attention', () => {
  const windows = (changed: object) => read(changed).layers.map(({ block }) => block.attention.window);

  test('Llama has none, whatever is said', () => {
    expect(windows({ sliding_window: 8 })).toEqual([undefined, undefined, undefined]);
  });

  test('Mistral: one for all layers, or none', () => {
    expect(windows({ model_type: 'mistral', sliding_window: 8 })).toEqual([8, 8, 8]);
    for (const sliding_window of [null, undefined]) {
      expect(windows({ model_type: 'mistral', sliding_window })).toEqual([undefined, undefined, undefined]);
    }
    refused({ model_type: 'mistral', sliding_window: 0 }, 'MODEL_CONFIG_FIELD', 'sliding_window');
  });

  const qwen2 = { model_type: 'qwen2', use_sliding_window: true, sliding_window: 16 };
  test.each<[string, object, (number | undefined)[]]>([
    ['not used', { use_sliding_window: false, max_window_layers: 0 }, [undefined, undefined, undefined]],
    ['not said', { use_sliding_window: undefined, max_window_layers: 0 }, [undefined, undefined, undefined]],
    ['above the first layer', { max_window_layers: 1 }, [undefined, 16, 16]],
    ['in every layer', { max_window_layers: 0 }, [16, 16, 16]],
    ['above layers that are not there', {}, [undefined, undefined, undefined]],
    ['of the usual size', { max_window_layers: 2, sliding_window: null }, [undefined, undefined, 4096]],
    [
      'layer by layer',
      { layer_types: ['sliding_attention', 'full_attention', 'sliding_attention'], max_window_layers: 0 },
      [16, undefined, 16],
    ],
    [
      'layer by layer, but not used',
      { layer_types: Array(3).fill('sliding_attention'), use_sliding_window: false },
      [undefined, undefined, undefined],
    ],
  ])('Qwen2: %s', (_what, changed, expected) => {
    expect(windows({ ...qwen2, ...changed })).toEqual(expected);
  });

  test('layer types that are neither full nor sliding', () => {
    const layer_types = ['full_attention', 'chunked_attention', 'full_attention'];
    refused({ ...qwen2, layer_types }, 'MODEL_FEATURE_UNSUPPORTED', 'layer_types');
  });

  test.each([[['full_attention']], ['full_attention'], [[1, 2, 3]]])('layer types %j', (layer_types) => {
    refused({ ...qwen2, layer_types }, 'MODEL_CONFIG_FIELD', 'layer_types');
  });
});

test.each([
  ['llama', [], 2048],
  ['mistral', [], 131_072],
  ['qwen2', ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'], 32_768],
])('%s: biases, and positions where none are said', (model_type, biased, maxPositions) => {
  const changed = { model_type, max_position_embeddings: undefined };
  expect(read(changed)).toMatchObject({ family: model_type, maxPositions });
  expect(biasedMatrices(changed)).toEqual(biased);
});

test('a model has no more layers than its checkpoint has tensors', () => {
  const layers = (num_hidden_layers: number) => () =>
    readModel({ ...config, num_hidden_layers }, 'config.json', 21);
  expect(layers(21)().layers).toHaveLength(21);
  for (const count of [22, 1e9]) {
    expect(layers(count)).toThrow(
      expect.objectContaining({
        code: 'MODEL_CONFIG_FIELD',
        message: `the model's "num_hidden_layers" should be at most 21 (the number of tensors in the checkpoint), found the number ${count}`,
      }),
    );
  }
});
