/** @file Which layers see only `sliding_window` tokens back, as Qwen's config.json says it. */
import type { ConfigReader } from './config-reader.ts';

/** By layer: the window, or undefined for all tokens. */
export function layerWindows(config: ConfigReader): (layer: number) => number | undefined {
  const window = config.flag('use_sliding_window', false) ? config.size('sliding_window', 4096) : undefined;
  const fullLayers = config.number('max_window_layers', 28);
  // Newer files say it layer by layer.
  const types = config.optionalTexts('layer_types', config.layerCount());
  const hasWindow = (layer: number) =>
    types === undefined ? layer >= fullLayers : types[layer] === 'sliding_attention';
  return (layer) => (hasWindow(layer) ? window : undefined);
}
