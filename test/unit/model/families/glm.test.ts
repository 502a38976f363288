/** @file GLM under Transformers' names, and under those of its own code. */
import { describe, expect, test } from 'vitest';
import { columnsOf, familyReader, matrixRows } from '../../../support/read-family.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

const glm = familyReader({
  model_type: 'glm',
  vocab_size: 90,
  hidden_size: 32,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  attention_bias: true,
  pad_token_id: 7,
});

const chatglm = familyReader({
  model_type: 'chatglm',
  padded_vocab_size: 90,
  hidden_size: 32,
  ffn_hidden_size: 20,
  num_layers: 2,
  num_attention_heads: 4,
  multi_query_attention: true,
  multi_query_group_num: 2,
  kv_channels: 8,
  seq_length: 131_072,
  layernorm_epsilon: 1.5625e-7,
  rope_ratio: 500,
  add_qkv_bias: true,
  rmsnorm: true,
  post_layer_norm: true,
  apply_residual_connection_post_layernorm: false,
  pad_token_id: 7,
});

describe('glm', () => {
  test('half of each head turns, by neighbours; gate and up are one matrix, gate first', () => {
    const { attention, mlp } = glm.block();
    expect(attention.rotary).toMatchObject({ base: 10_000, size: 4, headSize: 8, interleaved: true });
    expect(mlp).toMatchObject({ kind: 'gated', activation: 'silu' });
    if (mlp.kind !== 'gated') throw new Error(mlp.kind);
    expect([mlp.gate, mlp.up].map(columnsOf)).toEqual([range(0, 20), range(20, 40)]);
    expect(matrixRows(glm.block())).toEqual([
      ['self_attn.q_proj', 32, 32, true],
      ['self_attn.k_proj', 32, 16, true],
      ['self_attn.v_proj', 32, 16, true],
      ['self_attn.o_proj', 32, 32, false],
      ['mlp.gate_up_proj', 32, 40, false],
      ['mlp.down_proj', 20, 32, false],
    ]);
  });

  test('defaults that a config.json may leave out', () => {
    const model = glm.read({ head_dim: undefined, attention_bias: undefined });
    expect(model).toMatchObject({ maxPositions: 131_072, finalNorm: { kind: 'rms', epsilon: 1.5625e-7 } });
    expect(model.layers[0]!.block.attention).toMatchObject({
      headSize: 128,
      query: { matrix: { bias: false } },
      rotary: { size: 64 },
    });
    expect(glm.block({ partial_rotary_factor: 0.25 }).attention.rotary!.size).toBe(2);
    glm.refused({ partial_rotary_factor: 0.1 }, 'MODEL_FEATURE_UNSUPPORTED', 'partial_rotary_factor');
  });
});

describe('chatglm', () => {
  test('is the same model under other names', () => {
    const [ours, theirs] = [
      chatglm.read(),
      glm.read({ max_position_embeddings: 131_072, rope_theta: 5_000_000 }),
    ];
    for (const key of ['vocabularySize', 'hiddenSize', 'maxPositions', 'padTokenId'] as const) {
      expect(ours[key], key).toEqual(theirs[key]);
    }
    const [a, b] = [ours.layers[1]!.block, theirs.layers[1]!.block];
    for (const key of ['headCount', 'keyValueHeadCount', 'headSize', 'window', 'rotary'] as const) {
      expect(a.attention[key], key).toEqual(b.attention[key]);
    }
    expect(a.norms).toEqual(b.norms);
    expect(a.residual).toBe(b.residual);
    expect(a.mlp.activation).toBe(b.mlp.activation);
  });

  test('names, and the fused matrices', () => {
    const { embedding, finalNorm, heads, layers } = chatglm.read();
    expect([embedding.tokens, heads.languageModel, layers[1]!.prefix]).toEqual([
      'transformer.embedding.word_embeddings.weight',
      'transformer.output_layer.weight',
      'transformer.encoder.layers.1.',
    ]);
    expect(finalNorm).toMatchObject({ name: 'transformer.encoder.final_layernorm', epsilon: 1.5625e-7 });
    const block = chatglm.block();
    const { query, key, value } = block.attention;
    expect([query, key, value].map(columnsOf)).toEqual([range(0, 32), range(32, 48), range(48, 64)]);
    expect(matrixRows(block)).toEqual([
      ['self_attention.query_key_value', 32, 64, true],
      ['self_attention.dense', 32, 32, false],
      ['mlp.dense_h_to_4h', 32, 40, false],
      ['mlp.dense_4h_to_h', 20, 32, false],
    ]);
  });

  test('add_bias_linear', () => {
    expect(matrixRows(chatglm.block({ add_bias_linear: true })).map((row) => row[3])).toEqual(
      Array(4).fill(true),
    );
  });

  test.each<[object, string]>([
    [{ multi_query_attention: false }, 'multi_query_attention'],
    [{ multi_query_attention: undefined }, 'multi_query_attention'],
    [{ rmsnorm: false }, 'rmsnorm'],
    [{ post_layer_norm: false }, 'post_layer_norm'],
    [{ apply_residual_connection_post_layernorm: true }, 'apply_residual_connection_post_layernorm'],
    [{ pre_seq_len: 128 }, 'pre_seq_len'],
    [{ quantization_bit: 4 }, 'quantization_bit'],
    [{ multi_query_group_num: 3 }, 'multi_query_group_num'],
    [{ kv_channels: 6 }, 'kv_channels'],
  ])('%j is refused', (changed, name) => {
    chatglm.refused(changed, 'MODEL_FEATURE_UNSUPPORTED', name);
  });

  test.each(['padded_vocab_size', 'num_layers', 'ffn_hidden_size', 'hidden_size'])('%s missing', (name) => {
    chatglm.refused({ [name]: undefined }, 'MODEL_CONFIG_FIELD', name);
  });
});
