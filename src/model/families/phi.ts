/** @file Phi (1, 1.5 and 2): attention and MLP side by side behind one norm, biases everywhere, half of a head turns. */
import type { Model } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { llamaLike } from './llama-like.ts';
import { layerNorm, matrix } from './parts.ts';
import { readRotary, ropeSection } from './rotary-config.ts';

export function phi(config: ConfigReader): Model {
  if (config.flag('qk_layernorm', false)) throw config.unsupported('qk_layernorm', true, 'false');
  const activation = readActivation(config, 'hidden_act', 'gelu_new');
  return llamaLike(config, {
    family: 'phi',
    queryKeyValueBias: true,
    attentionOutputBias: true,
    attentionOutput: 'self_attn.dense',
    maxPositions: config.size('max_position_embeddings', 2048),
    window: () => undefined,
    residual: 'parallel',
    norm: layerNorm(config.positive('layer_norm_eps', 1e-5)),
    norms: (norm) => ({ attention: norm('input_layernorm'), mlp: norm('input_layernorm') }),
    rotary: (headSize) => readRotary(config, headSize, { share: 0.5 }, ropeSection(config)),
    mlp: (hiddenSize, feedForwardSize) => ({
      kind: 'plain',
      activation,
      up: matrix('mlp.fc1', hiddenSize, feedForwardSize, true),
      down: matrix('mlp.fc2', feedForwardSize, hiddenSize, true),
    }),
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
    finalNorm: 'model.final_layernorm',
    languageModelBias: 'lm_head.bias',
  });
}
