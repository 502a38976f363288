/** @file StableLM: Llama's names around layer norms, a quarter of a head turns; both sublayers behind one norm where the file says so. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { gatedMlp, llamaLike } from './llama-like.ts';
import { layerNorm } from './parts.ts';
import { readRotary, ropeSection } from './rotary-config.ts';

export function stableLm(config: ConfigReader): Model {
  // Each head's norm would have weights of its own (StableLM 2 12B); the norms of a specification share theirs among heads.
  if (config.flag('qk_layernorm', false)) throw config.unsupported('qk_layernorm', true, 'false');
  const isParallel = config.flag('use_parallel_residual', false);
  return llamaLike(config, {
    family: 'stablelm',
    queryKeyValueBias: config.flag('use_qkv_bias', false),
    attentionOutputBias: false,
    maxPositions: config.size('max_position_embeddings', 4096),
    window: () => undefined,
    keyValueHeadCount: 32,
    residual: isParallel ? 'parallel' : 'pre-norm',
    norm: layerNorm(config.positive('layer_norm_eps', 1e-5)),
    norms: (norm) => ({
      attention: norm('input_layernorm'),
      mlp: norm(isParallel ? 'input_layernorm' : 'post_attention_layernorm'),
    }),
    rotary: (headSize) => readRotary(config, headSize, { share: 0.25 }, ropeSection(config)),
    mlp: gatedMlp(config),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
}
