/**
 * @file GLM (CodeGeeX4, GLM-4): neighbouring features of the first half of a head turn together, gate and up are one matrix.
 */
import type { Model } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { llamaLike } from './llama-like.ts';
import { matrix, parts, rmsNorm } from './parts.ts';
import { readRotary, ropeSection } from './rotary-config.ts';

export function glm(config: ConfigReader): Model {
  const activation = readActivation(config, 'hidden_act', 'silu');
  return llamaLike(config, {
    family: 'glm',
    queryKeyValueBias: config.flag('attention_bias', false),
    attentionOutputBias: false,
    maxPositions: config.size('max_position_embeddings', 131_072),
    window: () => undefined,
    headSize: 128,
    norm: rmsNorm(config.positive('rms_norm_eps', 1.5625e-7)),
    rotary: (headSize) => {
      const { rotary, ...limit } = readRotary(config, headSize, { share: 0.5 }, ropeSection(config));
      return { rotary: { ...rotary, interleaved: true }, ...limit };
    },
    mlp: (hiddenSize, feedForwardSize) => {
      const fused = matrix('mlp.gate_up_proj', hiddenSize, 2 * feedForwardSize);
      const [gate, up] = parts(fused, feedForwardSize, feedForwardSize);
      const down = matrix('mlp.down_proj', feedForwardSize, hiddenSize);
      return { kind: 'gated', activation, gate: gate!, up: up!, down };
    },
    tiesEmbeddings: config.flag('tie_word_embeddings', false),
  });
}
