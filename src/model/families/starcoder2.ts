/** @file StarCoder2: Llama's names around layer norms, biases everywhere and an ungated MLP; a window in every layer. */
import type { Model } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { llamaLike } from './llama-like.ts';
import { layerNorm, matrix } from './parts.ts';

export function starcoder2(config: ConfigReader): Model {
  const bias = config.flag('use_bias', true);
  const activation = readActivation(config, 'hidden_act', 'gelu_pytorch_tanh');
  const window = config.optionalSize('sliding_window');
  return llamaLike(config, {
    family: 'starcoder2',
    queryKeyValueBias: bias,
    attentionOutputBias: bias,
    maxPositions: config.size('max_position_embeddings', 4096),
    window: () => window,
    norm: layerNorm(config.positive('norm_epsilon', 1e-5)),
    mlp: (hiddenSize, feedForwardSize) => ({
      kind: 'plain',
      activation,
      up: matrix('mlp.c_fc', hiddenSize, feedForwardSize, bias),
      down: matrix('mlp.c_proj', feedForwardSize, hiddenSize, bias),
    }),
    tiesEmbeddings: config.flag('tie_word_embeddings', true),
  });
}
