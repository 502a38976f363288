/**
 * @file OLMo 2: Llama whose norms stand behind the sublayers, before their outputs are added, and not in front of them; queries
 * and keys are normed over all heads together before they turn.
 */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';
import { rmsNorm } from './parts.ts';

export function olmo2(config: ConfigReader): Model {
  const bias = config.flag('attention_bias', false);
  return llamaLike(config, {
    family: 'olmo2',
    queryKeyValueBias: bias,
    attentionOutputBias: bias,
    maxPositions: config.size('max_position_embeddings', 2048),
    window: () => undefined,
    norm: rmsNorm(config.positive('rms_norm_eps', 1e-5)),
    norms: (norm) => ({
      attention: { kind: 'none' },
      afterAttention: norm('post_attention_layernorm'),
      mlp: { kind: 'none' },
      afterMlp: norm('post_feedforward_layernorm'),
    }),
    normsHeads: 'all-heads',
    mlp: gatedMlp(config),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
}
