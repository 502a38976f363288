/** @file What Llama, Mistral and Qwen2 share: pre-norm blocks, rotary attention, SwiGLU, and one scheme of names. */
import type { DecoderGeometry } from '../geometry.ts';
import type { ConfigReader } from './config-reader.ts';
import { readRotary } from './rotary-config.ts';

export interface LlamaLikeVariant {
  readonly family: string;
  readonly queryKeyValueBias: boolean;
  readonly attentionOutputBias: boolean;
  readonly feedForwardBias: boolean;
  readonly maxPositions: number;
  window(layer: number): number | undefined;
}

export function llamaLike(config: ConfigReader, variant: LlamaLikeVariant): DecoderGeometry {
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
  const layerCount = config.layerCount();
  const feedForwardSize = config.size('intermediate_size');
  const qkvBias = variant.queryKeyValueBias;
  const ffBias = variant.feedForwardBias;
  const linear = (name: string, inputSize: number, outputSize: number, bias: boolean) => ({
    name,
    inputSize,
    outputSize,
    bias,
  });
  return {
    family: variant.family,
    vocabularySize: config.size('vocab_size'),
    hiddenSize,
    layerCount,
    headCount,
    keyValueHeadCount,
    headSize,
    normEpsilon: config.positive('rms_norm_eps', 1e-6),
    ...readRotary(config),
    slidingWindows: Array.from({ length: layerCount }, (_, layer) => variant.window(layer)),
    maxPositions: variant.maxPositions,
    padTokenId: config.optionalInteger('pad_token_id'),
    linears: {
      query: linear('self_attn.q_proj', hiddenSize, headCount * headSize, qkvBias),
      key: linear('self_attn.k_proj', hiddenSize, keyValueHeadCount * headSize, qkvBias),
      value: linear('self_attn.v_proj', hiddenSize, keyValueHeadCount * headSize, qkvBias),
      attentionOutput: linear(
        'self_attn.o_proj',
        headCount * headSize,
        hiddenSize,
        variant.attentionOutputBias,
      ),
      gate: linear('mlp.gate_proj', hiddenSize, feedForwardSize, ffBias),
      up: linear('mlp.up_proj', hiddenSize, feedForwardSize, ffBias),
      down: linear('mlp.down_proj', feedForwardSize, hiddenSize, ffBias),
    },
    names: {
      embedding: 'model.embed_tokens.weight',
      block: (layer) => `model.layers.${layer}.`,
      attentionNorm: 'input_layernorm.weight',
      feedForwardNorm: 'post_attention_layernorm.weight',
      finalNorm: 'model.norm.weight',
      languageModelHead: config.flag('tie_word_embeddings', false)
        ? 'model.embed_tokens.weight'
        : 'lm_head.weight',
      classifier: 'score',
    },
  };
}
