/** @file Qwen3: Llama whose query and key heads are normed before they turn; their size is free of D / H. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { layerWindows } from './layer-windows.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';

export function qwen3(config: ConfigReader): Model {
  const bias = config.flag('attention_bias', false);
  return llamaLike(config, {
    family: 'qwen3',
    queryKeyValueBias: bias,
    attentionOutputBias: bias,
    maxPositions: config.size('max_position_embeddings', 32_768),
    window: layerWindows(config),
    headSize: 128,
    normsHeads: 'head',
    mlp: gatedMlp(config),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
}
