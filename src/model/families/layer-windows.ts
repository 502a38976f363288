/** @file Which layers see only a window, as config.json says it: layer by layer in newer files. */
import type { ConfigReader } from './config-reader.ts';

export type LayerType = 'full_attention' | 'sliding_attention';

/** `layer_types`, one a layer; undefined where the file does not list them. */
export function readLayerTypes(config: ConfigReader): readonly LayerType[] | undefined {
  const types = config.optionalTexts('layer_types', config.layerCount());
  const unknown = types?.find((type) => type !== 'full_attention' && type !== 'sliding_attention');
  if (unknown !== undefined) {
    throw config.unsupported('layer_types', unknown, 'full_attention, sliding_attention');
  }
  return types as readonly LayerType[] | undefined;
}

/** Qwen's `sliding_window`, by layer: the window, or undefined for all tokens. */
export function layerWindows(config: ConfigReader): (layer: number) => number | undefined {
  const window = config.flag('use_sliding_window', false) ? config.size('sliding_window', 4096) : undefined;
  const fullLayers = config.number('max_window_layers', 28);
  const types = readLayerTypes(config);
  const hasWindow = (layer: number) =>
    types === undefined ? layer >= fullLayers : types[layer] === 'sliding_attention';
  return (layer) => (hasWindow(layer) ? window : undefined);
}
