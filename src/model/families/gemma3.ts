/**
 * @file Gemma 3, its text models: four norms a block, each times 1 + weight; normed query and key heads; embeddings times
 * sqrt(D). Five of six layers see `sliding_window` tokens back and turn by a base of their own.
 */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { readLayerTypes } from './layer-windows.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';
import { rmsNormOfOnePlus } from './parts.ts';
import { type RotaryConfig, readRotary, ropeSectionsByLayerType } from './rotary-config.ts';

export function gemma3(config: ConfigReader): Model {
  // Each of them would give other numbers, and no published text model has it.
  for (const key of ['attn_logit_softcapping', 'final_logit_softcapping']) {
    const cap = config.optionalNumber(key);
    if (cap !== undefined) throw config.unsupported(key, cap, 'null');
  }
  if (config.flag('use_bidirectional_attention', false)) {
    throw config.unsupported('use_bidirectional_attention', true, 'false');
  }
  const bias = config.flag('attention_bias', false);
  const isSliding = slidingLayers(config);
  const window = config.size('sliding_window', 4096);
  return llamaLike(config, {
    family: 'gemma3_text',
    queryKeyValueBias: bias,
    attentionOutputBias: bias,
    maxPositions: config.size('max_position_embeddings', 131_072),
    window: (layer) => (isSliding(layer) ? window : undefined),
    headSize: 256,
    keyValueHeadCount: 4,
    norm: rmsNormOfOnePlus(config.positive('rms_norm_eps', 1e-6)),
    norms: (norm) => ({
      attention: norm('input_layernorm'),
      afterAttention: norm('post_attention_layernorm'),
      mlp: norm('pre_feedforward_layernorm'),
      afterMlp: norm('post_feedforward_layernorm'),
    }),
    normsHeads: 'head',
    rotary: (headSize, layer) => layerRotary(config, headSize, isSliding(layer)),
    scale: config.positive('query_pre_attn_scalar', 256) ** -0.5,
    mlp: gatedMlp(config, { key: 'hidden_activation', activation: 'gelu_pytorch_tanh' }),
    embeddingScale: Math.sqrt(config.size('hidden_size')),
    tiesEmbeddings: config.flag('tie_word_embeddings', true),
  });
}

/** By layer, whether it has a window: newer files list it, older ones name the period. */
function slidingLayers(config: ConfigReader): (layer: number) => boolean {
  const types = readLayerTypes(config);
  const period = config.optionalSize('sliding_window_pattern') ?? 6;
  return (layer) => (types === undefined ? (layer + 1) % period !== 0 : types[layer] === 'sliding_attention');
}

/**
 * Newer files have a section for each kind of layer; older ones scale only the layers without a window. Where a section does not
 * name its base, it is the one that older files have for this kind of layer.
 */
function layerRotary(config: ConfigReader, headSize: number, isSliding: boolean): RotaryConfig {
  const section = ropeSectionsByLayerType(config)?.section(
    isSliding ? 'sliding_attention' : 'full_attention',
  );
  if (!isSliding) {
    return readRotary(config, headSize, { base: 1_000_000 }, section ?? config.section('rope_scaling'));
  }
  return readRotary(config, headSize, { baseKey: 'rope_local_base_freq' }, section);
}
