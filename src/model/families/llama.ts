/** @file Llama (also DeepSeek-Coder, SmolLM2 and others published as `llama`). */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { llamaLike } from './llama-like.ts';

export function llama(config: ConfigReader): Model {
  const attentionBias = config.flag('attention_bias', false);
  return llamaLike(config, {
    family: 'llama',
    queryKeyValueBias: attentionBias,
    attentionOutputBias: attentionBias,
    feedForwardBias: config.flag('mlp_bias', false),
    maxPositions: config.size('max_position_embeddings', 2048),
    window: () => undefined,
  });
}
