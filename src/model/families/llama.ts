/** @file Llama (also DeepSeek-Coder, CodeLlama, SmolLM2 and others published as `llama`). */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';

export function llama(config: ConfigReader): Model {
  const attentionBias = config.flag('attention_bias', false);
  return llamaLike(config, {
    family: 'llama',
    queryKeyValueBias: attentionBias,
    attentionOutputBias: attentionBias,
    maxPositions: config.size('max_position_embeddings', 2048),
    window: () => undefined,
    mlp: gatedMlp(config, { bias: config.flag('mlp_bias', false) }),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
}
