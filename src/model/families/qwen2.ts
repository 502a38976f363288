/** @file Qwen2: Llama with biases on queries, keys and values; the upper layers may have a window. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { llamaLike } from './llama-like.ts';

export function qwen2(config: ConfigReader): Model {
  const window = config.flag('use_sliding_window', false) ? config.size('sliding_window', 4096) : undefined;
  const fullLayers = config.number('max_window_layers', 28);
  // Newer files say it layer by layer.
  const types = config.optionalTexts('layer_types', config.layerCount());
  const hasWindow = (layer: number) =>
    types === undefined ? layer >= fullLayers : types[layer] === 'sliding_attention';
  return llamaLike(config, {
    family: 'qwen2',
    queryKeyValueBias: true,
    attentionOutputBias: false,
    feedForwardBias: false,
    maxPositions: config.size('max_position_embeddings', 32_768),
    window: (layer) => (hasWindow(layer) ? window : undefined),
  });
}
