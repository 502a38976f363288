/**
 * @file What GPT-2 and GPTBigCode share: pre-norm blocks with layer norms, learned positions, one matrix for queries, keys
 * and values, and one scheme of names.
 */
import type { Matrix, Model, Projection } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { layerNorm, layers, matrix } from './parts.ts';

export interface Gpt2LikeVariant {
  readonly family: string;
  readonly activation: string;
  /** K */
  readonly keyValueHeadCount: (headCount: number) => number;
  /** Query, key and value of the fused matrix, for H heads of d features. */
  readonly split: (fused: Matrix, headCount: number, headSize: number) => readonly Projection[];
  /** Whether the checkpoint holds matrices [in, out]. */
  readonly transposed: boolean;
}

export function gpt2Like(config: ConfigReader, variant: Gpt2LikeVariant): Model {
  if (config.flag('add_cross_attention', false)) {
    throw config.unsupported('add_cross_attention', true, 'false: a model of one text');
  }
  const hiddenSize = config.size('n_embd', 768);
  const headCount = config.size('n_head', 12);
  if (hiddenSize % headCount !== 0)
    throw config.unsupported('n_head', headCount, `a divisor of ${hiddenSize}`);
  const headSize = hiddenSize / headCount;
  const keyValueHeadCount = variant.keyValueHeadCount(headCount);
  const feedForwardSize = config.optionalSize('n_inner') ?? 4 * hiddenSize;
  const positions = config.size('n_positions', 1024);
  const norm = layerNorm(config.positive('layer_norm_epsilon', 1e-5));
  const weight = (name: string, inputSize: number, outputSize: number): Matrix => ({
    ...matrix(name, inputSize, outputSize, true),
    ...(variant.transposed && { transposed: true }),
  });
  const fused = weight('attn.c_attn', hiddenSize, hiddenSize + 2 * keyValueHeadCount * headSize);
  const [query, key, value] = variant.split(fused, headCount, headSize);
  const attention = {
    query: query!,
    key: key!,
    value: value!,
    output: weight('attn.c_proj', hiddenSize, hiddenSize),
    headCount,
    keyValueHeadCount,
    headSize,
    window: undefined,
    rotary: undefined,
  };
  const block = {
    residual: 'pre-norm',
    norms: { attention: norm('ln_1'), mlp: norm('ln_2') },
    mlp: {
      kind: 'plain',
      activation: readActivation(config, 'activation_function', variant.activation),
      up: weight('mlp.c_fc', hiddenSize, feedForwardSize),
      down: weight('mlp.c_proj', feedForwardSize, hiddenSize),
    },
  } as const;
  const base = config.flag('scale_attn_weights', true) ? 1 / Math.sqrt(headSize) : 1;
  const byLayer = config.flag('scale_attn_by_inverse_layer_idx', false);
  const tokens = 'transformer.wte.weight';
  return {
    family: variant.family,
    vocabularySize: config.size('vocab_size'),
    hiddenSize,
    maxPositions: positions,
    positionLimit: positions,
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: { tokens, positions: { name: 'transformer.wpe.weight', first: 0, rows: positions } },
    layers: layers(
      config.layerCount('n_layer'),
      (layer) => `transformer.h.${layer}.`,
      (layer) => ({ ...block, attention: { ...attention, scale: byLayer ? base / (layer + 1) : base } }),
    ),
    finalNorm: norm('transformer.ln_f'),
    heads: {
      classifier: 'score',
      languageModel: config.flag('tie_word_embeddings', true) ? tokens : 'lm_head.weight',
    },
  };
}
