/** @file Mistral: Llama with attention that sees `sliding_window` tokens back. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';

export function mistral(config: ConfigReader): Model {
  const window = config.optionalSize('sliding_window');
  return llamaLike(config, {
    family: 'mistral',
    queryKeyValueBias: false,
    attentionOutputBias: false,
    maxPositions: config.size('max_position_embeddings', 131_072),
    window: () => window,
    mlp: gatedMlp(config),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
}
