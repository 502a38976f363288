/**
 * @file GLM as it is published under the names of its own code (CodeGeeX4, GLM-4, ChatGLM3), model_type `chatglm`: queries,
 * keys and values are one matrix, and adapters are saved under these names, as PEFT does beside that code.
 */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { layers, matrix, parts, rmsNorm } from './parts.ts';

/** What the code can also do, and no published model of these does. */
const FIXED: Readonly<Record<string, boolean>> = {
  multi_query_attention: true,
  rmsnorm: true,
  post_layer_norm: true,
  apply_residual_connection_post_layernorm: false,
};

export function chatglm(config: ConfigReader): Model {
  for (const [key, expected] of Object.entries(FIXED)) {
    // The code's own defaults, but for multi_query_attention, which has to be said.
    const found = config.flag(key, key === 'multi_query_attention' ? false : expected);
    if (found !== expected) throw config.unsupported(key, found, `${expected}`);
  }
  for (const key of ['pre_seq_len', 'quantization_bit']) {
    const found = config.optionalInteger(key) ?? 0;
    if (found !== 0) throw config.unsupported(key, found, '0');
  }
  const hiddenSize = config.size('hidden_size');
  const headCount = config.size('num_attention_heads');
  const headSize = config.size('kv_channels', 128);
  const keyValueHeadCount = config.size('multi_query_group_num', 1);
  if (headCount % keyValueHeadCount !== 0) {
    throw config.unsupported('multi_query_group_num', keyValueHeadCount, `a divisor of ${headCount}`);
  }
  if (headSize % 4 !== 0) throw config.unsupported('kv_channels', headSize, 'a multiple of 4');
  const bias = config.flag('add_bias_linear', false);
  const feedForwardSize = config.size('ffn_hidden_size');
  const [querySize, keySize] = [headCount * headSize, keyValueHeadCount * headSize];
  const qkvBias = bias || config.flag('add_qkv_bias', false);
  const fused = matrix('self_attention.query_key_value', hiddenSize, querySize + 2 * keySize, qkvBias);
  const [query, key, value] = parts(fused, querySize, keySize, keySize);
  const gateAndUp = matrix('mlp.dense_h_to_4h', hiddenSize, 2 * feedForwardSize, bias);
  const [gate, up] = parts(gateAndUp, feedForwardSize, feedForwardSize);
  const norm = rmsNorm(config.positive('layernorm_epsilon', 1e-5));
  const block = {
    residual: 'pre-norm',
    norms: { attention: norm('input_layernorm'), mlp: norm('post_attention_layernorm') },
    attention: {
      query: query!,
      key: key!,
      value: value!,
      output: matrix('self_attention.dense', querySize, hiddenSize, bias),
      headCount,
      keyValueHeadCount,
      headSize,
      window: undefined,
      rotary: {
        base: 10_000 * config.positive('rope_ratio', 1),
        scaling: { kind: 'default' },
        size: headSize / 2,
        headSize,
        interleaved: true,
      },
    },
    mlp: {
      kind: 'gated',
      activation: 'silu',
      gate: gate!,
      up: up!,
      down: matrix('mlp.dense_4h_to_h', feedForwardSize, hiddenSize, bias),
    },
  } as const;
  const tokens = 'transformer.embedding.word_embeddings.weight';
  const isTied = config.flag('tie_word_embeddings', false);
  return {
    family: 'chatglm',
    vocabularySize: config.size('padded_vocab_size'),
    hiddenSize,
    maxPositions: config.size('seq_length', 2048),
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: { tokens },
    layers: layers(
      config.layerCount('num_layers'),
      (layer) => `transformer.encoder.layers.${layer}.`,
      () => block,
    ),
    finalNorm: norm('transformer.encoder.final_layernorm'),
    heads: {
      classifier: 'score',
      languageModel: isTied ? tokens : 'transformer.output_layer.weight',
      lacksClassifier: true,
    },
  };
}
