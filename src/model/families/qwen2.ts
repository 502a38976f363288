/** @file Qwen2: Llama with biases on queries, keys and values; the upper layers may have a window. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { layerWindows } from './layer-windows.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';

export const qwen2 = (config: ConfigReader): Model =>
  llamaLike(config, {
    family: 'qwen2',
    queryKeyValueBias: true,
    attentionOutputBias: false,
    maxPositions: config.size('max_position_embeddings', 32_768),
    window: layerWindows(config),
    mlp: gatedMlp(config),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
