/**
 * @file A tiny model of every architecture of GGUF: what llama.cpp's converter writes of it, and the config.json that
 * must come back.
 */
import { float32 } from '../../src/tensor/host-tensor.ts';
import {
  attention,
  bertRows,
  D,
  d,
  decoderTop,
  F,
  G,
  gated,
  gateUpDown,
  gpt2Rows,
  H,
  interleave,
  layer,
  norm,
  output,
  P,
  type Row,
  rmsNorms,
  some,
  type Tensor,
  V,
  withBias,
} from './gguf-family-rows.ts';
import { f32Bytes, type GgufContent, type GgufTensor, type GgufValue } from './gguf-writer.ts';

export const u32 = (value: number) => ({ u32: value });
export const f32 = (value: number) => ({ f32: value });

const stored = (tensor: Tensor): GgufTensor => ({ shape: tensor.shape, data: f32Bytes([...tensor.data]) });

function content(
  architecture: string,
  metadata: Record<string, GgufValue>,
  tensors: readonly (readonly [string, GgufTensor])[],
): GgufContent {
  const own = Object.entries(metadata).map(([key, value]) => [
    key.startsWith('tokenizer.') ? key : `${architecture}.${key}`,
    value,
  ]);
  return { metadata: { 'general.architecture': architecture, ...Object.fromEntries(own) }, tensors };
}

const sizes = {
  block_count: u32(1),
  context_length: u32(P),
  embedding_length: u32(D),
  feed_forward_length: u32(F),
  'attention.head_count': u32(H),
};
const tokens = {
  'tokenizer.ggml.bos_token_id': u32(1),
  'tokenizer.ggml.eos_token_id': u32(2),
  'tokenizer.ggml.padding_token_id': u32(3),
};
const tokenKeys = { bos_token_id: 1, eos_token_id: 2, pad_token_id: 3 };
const gpt2Keys = {
  vocab_size: V,
  n_positions: P,
  n_embd: D,
  n_layer: 1,
  n_head: H,
  n_inner: F,
  layer_norm_epsilon: 1e-5,
  scale_attn_weights: true,
  tie_word_embeddings: true,
  ...tokenKeys,
};
const layerNorm = { 'attention.layer_norm_epsilon': f32(1e-5) };
const rmsNorm = { 'attention.layer_norm_rms_epsilon': f32(1e-6) };

const encoderKeys = {
  vocab_size: V,
  hidden_size: D,
  num_hidden_layers: 1,
  num_attention_heads: H,
  intermediate_size: F,
  hidden_act: 'gelu',
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  tie_word_embeddings: true,
};

const decoderKeys = {
  hidden_size: D,
  num_hidden_layers: 1,
  num_attention_heads: H,
  num_key_value_heads: G,
  head_dim: d,
  intermediate_size: F,
  rope_theta: 10000,
  rope_parameters: { rope_type: 'default', rope_theta: 10000 },
  max_position_embeddings: P,
  vocab_size: V,
  ...tokenKeys,
};
const partialRope = { rope_parameters: { ...decoderKeys.rope_parameters, partial_rotary_factor: 0.5 } };
const grouped = { 'attention.head_count_kv': u32(G) };
const epsilons = { rms: { rms_norm_eps: 1e-6 }, bert: { 'attention.layer_norm_epsilon': f32(1e-12) } };

export interface Family {
  readonly architecture: string;
  readonly metadata: Record<string, GgufValue>;
  readonly rows: readonly Row[];
  readonly config: Readonly<Record<string, unknown>>;
}

export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: {
    architecture: 'llama',
    metadata: { ...sizes, ...grouped, ...rmsNorm, ...tokens },
    rows: [...decoderTop, ...rmsNorms, ...attention(interleave), ...gated],
    config: {
      model_type: 'llama',
      ...decoderKeys,
      ...epsilons.rms,
      hidden_act: 'silu',
      tie_word_embeddings: true,
      attention_bias: false,
      mlp_bias: false,
      sliding_window: null,
    },
  },
  'llama, with a window': {
    architecture: 'llama',
    metadata: { ...sizes, ...grouped, ...rmsNorm, ...tokens, 'attention.sliding_window': u32(4) },
    rows: [...decoderTop, ...rmsNorms, ...attention(interleave), ...gated],
    config: {
      model_type: 'mistral',
      ...decoderKeys,
      ...epsilons.rms,
      hidden_act: 'silu',
      tie_word_embeddings: true,
      attention_bias: false,
      mlp_bias: false,
      sliding_window: 4,
    },
  },
  qwen2: {
    architecture: 'qwen2',
    metadata: { ...sizes, ...grouped, ...rmsNorm, ...tokens },
    rows: [...decoderTop, output, ...rmsNorms, ...attention(undefined, true), ...gated],
    config: {
      model_type: 'qwen2',
      ...decoderKeys,
      ...epsilons.rms,
      hidden_act: 'silu',
      tie_word_embeddings: false,
      attention_bias: true,
      mlp_bias: false,
      sliding_window: null,
      use_sliding_window: false,
    },
  },
  qwen3: {
    architecture: 'qwen3',
    metadata: { ...sizes, ...grouped, ...rmsNorm, ...tokens, 'attention.key_length': u32(d) },
    rows: [
      ...decoderTop,
      ...rmsNorms,
      ...attention(),
      ...gated,
      [`${layer}.self_attn.q_norm.weight`, 'blk.0.attn_q_norm.weight', some(d)],
      [`${layer}.self_attn.k_norm.weight`, 'blk.0.attn_k_norm.weight', some(d)],
    ],
    config: {
      model_type: 'qwen3',
      ...decoderKeys,
      ...epsilons.rms,
      hidden_act: 'silu',
      tie_word_embeddings: true,
      attention_bias: false,
      mlp_bias: false,
      sliding_window: null,
      use_sliding_window: false,
    },
  },
  gpt2: {
    architecture: 'gpt2',
    metadata: { ...sizes, ...layerNorm, ...tokens },
    rows: gpt2Rows(3 * D, true),
    config: {
      model_type: 'gpt2',
      ...gpt2Keys,
      activation_function: 'gelu_new',
      scale_attn_by_inverse_layer_idx: false,
      reorder_and_upcast_attn: false,
    },
  },
  'starcoder, one head of keys': {
    architecture: 'starcoder',
    metadata: { ...sizes, ...layerNorm, ...tokens, 'attention.head_count_kv': u32(1) },
    rows: gpt2Rows(D + 2 * d, false),
    config: {
      model_type: 'gpt_bigcode',
      ...gpt2Keys,
      activation_function: 'gelu_pytorch_tanh',
      multi_query: true,
      num_key_value_heads: 1,
      attention_softmax_in_fp32: true,
      scale_attention_softmax_in_fp32: true,
    },
  },
  'starcoder, all heads of keys': {
    architecture: 'starcoder',
    metadata: { ...sizes, ...layerNorm, ...tokens, 'attention.head_count_kv': u32(1) },
    rows: gpt2Rows(3 * D, false),
    config: {
      model_type: 'gpt_bigcode',
      ...gpt2Keys,
      activation_function: 'gelu_pytorch_tanh',
      multi_query: false,
      num_key_value_heads: H,
      attention_softmax_in_fp32: true,
      scale_attention_softmax_in_fp32: true,
    },
  },
  starcoder2: {
    architecture: 'starcoder2',
    metadata: { ...sizes, ...grouped, ...layerNorm, ...tokens },
    rows: [
      ['model.embed_tokens.weight', 'token_embd.weight', some(V, D)],
      ...norm('model.norm', 'output_norm'),
      ...norm(`${layer}.input_layernorm`, 'blk.0.attn_norm'),
      ...norm(`${layer}.post_attention_layernorm`, 'blk.0.ffn_norm'),
      ...attention(undefined, true),
      [`${layer}.self_attn.o_proj.bias`, 'blk.0.attn_output.bias', some(D)],
      ...withBias(`${layer}.mlp.c_fc`, 'blk.0.ffn_up', F, some(F, D)),
      ...withBias(`${layer}.mlp.c_proj`, 'blk.0.ffn_down', D, some(D, F)),
    ],
    config: {
      model_type: 'starcoder2',
      ...decoderKeys,
      hidden_act: 'gelu_pytorch_tanh',
      norm_epsilon: 1e-5,
      tie_word_embeddings: true,
      use_bias: true,
      sliding_window: null,
    },
  },
  chatglm: {
    architecture: 'chatglm',
    metadata: {
      ...sizes,
      ...grouped,
      ...tokens,
      'attention.layer_norm_rms_epsilon': f32(1.5625e-7),
      'rope.dimension_count': u32(d / 2),
      'rope.freq_base': f32(10000),
    },
    rows: [...decoderTop, output, ...rmsNorms, ...attention(undefined, true), ...gateUpDown],
    config: {
      model_type: 'glm',
      ...decoderKeys,
      ...partialRope,
      rms_norm_eps: 1.5625e-7,
      hidden_act: 'silu',
      attention_bias: true,
      tie_word_embeddings: false,
    },
  },
  bert: {
    architecture: 'bert',
    metadata: { ...sizes, ...epsilons.bert, 'tokenizer.ggml.model': 'bert' },
    rows: bertRows('bert'),
    config: {
      model_type: 'bert',
      ...encoderKeys,
      max_position_embeddings: P,
      bos_token_id: null,
      eos_token_id: null,
      pad_token_id: 0,
    },
  },
  roberta: {
    architecture: 'bert',
    metadata: { ...sizes, ...epsilons.bert, ...tokens, 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.padding_token_id': u32(1) }, // biome-ignore format: one line
    // Rows of positions that no token has come back as zeros.
    rows: bertRows('roberta', (positions) => float32([P, D], positions.data.slice(2 * D))),
    config: { model_type: 'roberta', ...encoderKeys, max_position_embeddings: P + 2, ...tokenKeys, pad_token_id: 1 }, // biome-ignore format: one line
  },
  'modern-bert': {
    architecture: 'modern-bert',
    metadata: {
      ...sizes,
      block_count: u32(4),
      ...rmsNorm,
      ...tokens,
      'attention.sliding_window': u32(6),
      'rope.freq_base': f32(160000),
      'rope.scaling.type': 'none',
    },
    rows: [
      ['model.embeddings.tok_embeddings.weight', 'token_embd.weight', some(V, D)],
      ['model.embeddings.norm.weight', 'token_embd_norm.weight', some(D)],
      ['model.final_norm.weight', 'output_norm.weight', some(D)],
      ...[0, 1, 2, 3].flatMap((n): Row[] => [
        ...(n === 0
          ? []
          : [[`model.layers.${n}.attn_norm.weight`, `blk.${n}.attn_norm.weight`, some(D)] as Row]),
        [`model.layers.${n}.attn.Wqkv.weight`, `blk.${n}.attn_qkv.weight`, some(3 * D, D)],
        [`model.layers.${n}.attn.Wo.weight`, `blk.${n}.attn_output.weight`, some(D, D)],
        [`model.layers.${n}.mlp_norm.weight`, `blk.${n}.ffn_norm.weight`, some(D)],
        [`model.layers.${n}.mlp.Wi.weight`, `blk.${n}.ffn_up.weight`, some(2 * F, D)],
        [`model.layers.${n}.mlp.Wo.weight`, `blk.${n}.ffn_down.weight`, some(D, F)],
      ]),
    ],
    config: {
      model_type: 'modernbert',
      vocab_size: V,
      hidden_size: D,
      num_hidden_layers: 4,
      num_attention_heads: H,
      intermediate_size: F,
      hidden_activation: 'gelu',
      max_position_embeddings: P,
      norm_eps: 1e-6,
      norm_bias: false,
      attention_bias: false,
      mlp_bias: false,
      layer_types: ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention'],
      local_attention: 6,
      rope_parameters: {
        full_attention: { rope_type: 'default', rope_theta: 160000 },
        sliding_attention: { rope_type: 'default', rope_theta: 10000 },
      },
      ...tokenKeys,
      tie_word_embeddings: true,
    },
  },
  phi2: {
    architecture: 'phi2',
    metadata: { ...sizes, ...grouped, ...layerNorm, ...tokens, 'rope.dimension_count': u32(d / 2) },
    rows: [
      ['model.embed_tokens.weight', 'token_embd.weight', some(V, D)],
      ...norm('model.final_layernorm', 'output_norm'),
      ...withBias('lm_head', 'output', V, some(V, D)),
      ...norm(`${layer}.input_layernorm`, 'blk.0.attn_norm'),
      ...attention(undefined, true).filter(([name]) => !name.includes('o_proj')),
      ...withBias(`${layer}.self_attn.dense`, 'blk.0.attn_output', D, some(D, D)),
      ...withBias(`${layer}.mlp.fc1`, 'blk.0.ffn_up', F, some(F, D)),
      ...withBias(`${layer}.mlp.fc2`, 'blk.0.ffn_down', D, some(D, F)),
    ],
    config: {
      model_type: 'phi',
      ...decoderKeys,
      ...partialRope,
      hidden_act: 'gelu_new',
      layer_norm_eps: 1e-5,
      qk_layernorm: false,
      tie_word_embeddings: false,
    },
  },
  phi3: {
    architecture: 'phi3',
    metadata: {
      ...sizes,
      ...grouped,
      ...rmsNorm,
      ...tokens,
      'rope.dimension_count': u32(d),
      'attention.sliding_window': u32(0),
      'rope.scaling.original_context_length': u32(5),
    },
    rows: [
      ...decoderTop,
      output,
      ...rmsNorms,
      [`${layer}.self_attn.qkv_proj.weight`, 'blk.0.attn_qkv.weight', some((H + 2 * G) * d, D)],
      [`${layer}.self_attn.o_proj.weight`, 'blk.0.attn_output.weight', some(D, D)],
      ...gateUpDown,
    ],
    config: {
      model_type: 'phi3',
      ...decoderKeys,
      rope_parameters: { ...decoderKeys.rope_parameters, partial_rotary_factor: 1 },
      ...epsilons.rms,
      hidden_act: 'silu',
      original_max_position_embeddings: 5,
      sliding_window: null,
      tie_word_embeddings: false,
    },
  },
  olmo2: {
    architecture: 'olmo2',
    metadata: { ...sizes, ...grouped, ...rmsNorm, ...tokens },
    rows: [
      ...decoderTop,
      output,
      [`${layer}.post_attention_layernorm.weight`, 'blk.0.post_attention_norm.weight', some(D)],
      [`${layer}.post_feedforward_layernorm.weight`, 'blk.0.post_ffw_norm.weight', some(D)],
      ...attention(),
      ...gated,
      [`${layer}.self_attn.q_norm.weight`, 'blk.0.attn_q_norm.weight', some(H * d)],
      [`${layer}.self_attn.k_norm.weight`, 'blk.0.attn_k_norm.weight', some(G * d)],
    ],
    config: {
      model_type: 'olmo2',
      ...decoderKeys,
      ...epsilons.rms,
      hidden_act: 'silu',
      tie_word_embeddings: false,
      attention_bias: false,
      mlp_bias: false,
    },
  },
  stablelm: stableLm(false),
  'stablelm, sublayers in parallel': stableLm(true),
};

function stableLm(isParallel: boolean): Family {
  return {
    architecture: 'stablelm',
    metadata: {
      ...sizes,
      ...grouped,
      ...layerNorm,
      ...tokens,
      'rope.dimension_count': u32(d / 2),
      use_parallel_residual: true,
    },
    rows: [
      ['model.embed_tokens.weight', 'token_embd.weight', some(V, D)],
      ...norm('model.norm', 'output_norm'),
      output,
      ...norm(`${layer}.input_layernorm`, 'blk.0.attn_norm'),
      ...(isParallel ? [] : norm(`${layer}.post_attention_layernorm`, 'blk.0.ffn_norm')),
      ...attention(undefined, !isParallel),
      ...gated,
    ],
    config: {
      model_type: 'stablelm',
      ...decoderKeys,
      ...partialRope,
      hidden_act: 'silu',
      layer_norm_eps: 1e-5,
      use_qkv_bias: !isParallel,
      use_parallel_residual: isParallel,
      qk_layernorm: false,
      tie_word_embeddings: false,
    },
  };
}

/** What llama.cpp's converter writes of a family. */
export const ggufOf = ({ architecture, metadata, rows }: Family): GgufContent =>
  content(
    architecture,
    metadata,
    rows.map(([, name, tensor, convert]) => [name, stored(convert === undefined ? tensor : convert(tensor))]),
  );
