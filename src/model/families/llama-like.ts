/** @file What Llama, Mistral and Qwen2 share: pre-norm blocks, rotary attention, SwiGLU, and one scheme of names. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { layers, matrix, norms, whole } from './parts.ts';
import { readRotary } from './rotary-config.ts';

export interface LlamaLikeVariant {
  readonly family: string;
  readonly queryKeyValueBias: boolean;
  readonly attentionOutputBias: boolean;
  readonly feedForwardBias: boolean;
  readonly maxPositions: number;
  window(layer: number): number | undefined;
}

export function llamaLike(config: ConfigReader, variant: LlamaLikeVariant): Model {
  const activation = config.text('hidden_act', 'silu');
  if (activation !== 'silu') throw config.unsupported('hidden_act', activation, 'silu');
  const hiddenSize = config.size('hidden_size');
  const headCount = config.size('num_attention_heads');
  const keyValueHeadCount = config.size('num_key_value_heads', headCount);
  const headSize = config.size('head_dim', Math.floor(hiddenSize / headCount));
  if (headCount % keyValueHeadCount !== 0) {
    throw config.unsupported('num_key_value_heads', keyValueHeadCount, `a divisor of ${headCount}`);
  }
  if (headSize % 2 !== 0) throw config.unsupported('head_dim', headSize, 'an even number');
  const feedForwardSize = config.size('intermediate_size');
  const qkvBias = variant.queryKeyValueBias;
  const ffBias = variant.feedForwardBias;
  const norm = norms('rms', config.positive('rms_norm_eps', 1e-6));
  const [querySize, keySize] = [headCount * headSize, keyValueHeadCount * headSize];
  const attention = {
    query: whole(matrix('self_attn.q_proj', hiddenSize, querySize, qkvBias)),
    key: whole(matrix('self_attn.k_proj', hiddenSize, keySize, qkvBias)),
    value: whole(matrix('self_attn.v_proj', hiddenSize, keySize, qkvBias)),
    output: matrix('self_attn.o_proj', querySize, hiddenSize, variant.attentionOutputBias),
    headCount,
    keyValueHeadCount,
    headSize,
    rotary: readRotary(config, headSize),
  };
  const block = {
    residual: 'pre-norm',
    norms: { attention: norm('input_layernorm'), mlp: norm('post_attention_layernorm') },
    mlp: {
      kind: 'gated',
      activation,
      gate: whole(matrix('mlp.gate_proj', hiddenSize, feedForwardSize, ffBias)),
      up: whole(matrix('mlp.up_proj', hiddenSize, feedForwardSize, ffBias)),
      down: matrix('mlp.down_proj', feedForwardSize, hiddenSize, ffBias),
    },
  } as const;
  const embedding = 'model.embed_tokens.weight';
  return {
    family: variant.family,
    vocabularySize: config.size('vocab_size'),
    hiddenSize,
    maxPositions: variant.maxPositions,
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: { tokens: embedding },
    layers: layers(
      config.layerCount(),
      (layer) => `model.layers.${layer}.`,
      (layer) => ({ ...block, attention: { ...attention, window: variant.window(layer) } }),
    ),
    finalNorm: norm('model.norm'),
    heads: {
      classifier: 'score',
      languageModel: config.flag('tie_word_embeddings', false) ? embedding : 'lm_head.weight',
    },
  };
}
