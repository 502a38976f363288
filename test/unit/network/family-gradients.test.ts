/** @file Gradients of each family whose blocks are made of parts that the smallest model does not have, and of other layouts. */
import { describeGradients, type GradientCase } from '../../support/network-gradients.ts';
import { makeChangedModel, makeModel, type TinyModel, tinyConfig } from '../../support/tiny-model.ts';

const GPT2 = { vocab_size: 12, n_embd: 8, n_inner: 6, n_layer: 2, n_head: 2, n_positions: 8, rotary_dim: 2 };
const LLAMA = {
  vocab_size: 12,
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 4,
};
const small = (config: object) => makeModel(tinyConfig({ ...LLAMA, ...config }));

const FAMILIES: Record<string, TinyModel> = {
  gpt2: makeModel({ model_type: 'gpt2', ...GPT2, scale_attn_by_inverse_layer_idx: true }),
  gpt_bigcode: makeModel({ model_type: 'gpt_bigcode', ...GPT2 }),
  'gpt_bigcode, a key and value a head': makeModel({
    model_type: 'gpt_bigcode',
    ...GPT2,
    multi_query: false,
  }),
  codegen: makeModel({ model_type: 'codegen', ...GPT2, n_head: 4 }),
  glm: small({ model_type: 'glm', attention_bias: true }),
  qwen3: small({ model_type: 'qwen3' }),
  starcoder2: small({ model_type: 'starcoder2', sliding_window: 2 }),
  phi: small({ model_type: 'phi', num_key_value_heads: 2 }),
  gemma3_text: small({
    model_type: 'gemma3_text',
    sliding_window: 2,
    layer_types: ['sliding_attention', 'full_attention'],
    query_pre_attn_scalar: 3,
  }),
  olmo2: small({ model_type: 'olmo2' }),
  stablelm: small({ model_type: 'stablelm', partial_rotary_factor: 0.5, use_qkv_bias: true }),
  'stablelm, sublayers in parallel': small({
    model_type: 'stablelm',
    partial_rotary_factor: 0.5,
    use_parallel_residual: true,
  }),
};

/** Blocks that no family above has. */
const CHANGED: Record<string, TinyModel> = {
  'post-norm with layer norms that have no bias, exact gelu': makeChangedModel(
    tinyConfig({ ...LLAMA, model_type: 'starcoder2', hidden_act: 'gelu' }),
    (block) => ({
      ...block,
      residual: 'post-norm',
      norms: {
        attention: { kind: 'layer', name: 'a_norm', epsilon: 1e-5, bias: false },
        mlp: { kind: 'layer', name: 'm_norm', epsilon: 1e-5, bias: false },
      },
    }),
  ),
};

// `last` prunes the last block alone; the one below is the same block whole, unless layers differ: then `mean` shows the last one whole.
const isEveryBlockEqual = ({ model: { layers } }: TinyModel) =>
  layers.every(({ block }) => JSON.stringify(block) === JSON.stringify(layers[0]!.block));
const poolingsOf = (model: TinyModel) =>
  isEveryBlockEqual(model) ? (['last'] as const) : (['last', 'mean'] as const);
const cases = Object.entries({ ...FAMILIES, ...CHANGED }).flatMap(([name, model]) =>
  poolingsOf(model).map((pooling): [string, GradientCase] => [
    `${name}, pooling ${pooling}`,
    // Norms over 8 features make more of rounding, and of third derivatives, than those over a hidden state do.
    { model, network: { pooling, lora: { rank: 1 } }, tolerance: 1e-4 },
  ]),
);

describeGradients(Object.fromEntries(cases));
