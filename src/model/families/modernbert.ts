/**
 * @file ModernBERT: pre-norm, rotary, gated; most layers see only `local_attention / 2` tokens to each side, and turn by
 * another base than those that see everything.
 */
import type { Attention, Model, Pooling } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { type LayerType, readLayerTypes } from './layer-windows.ts';
import { layerNorm, layers, matrix, parts } from './parts.ts';
import { ropeSectionsByLayerType } from './rotary-config.ts';

export function modernbert(config: ConfigReader): Model {
  const hiddenSize = config.size('hidden_size', 768);
  const headCount = config.size('num_attention_heads', 12);
  if (hiddenSize % headCount !== 0) {
    throw config.unsupported('num_attention_heads', headCount, `a divisor of ${hiddenSize}`);
  }
  const headSize = hiddenSize / headCount;
  if (headSize % 2 !== 0) throw config.unsupported('num_attention_heads', headCount, 'heads of an even size');
  const feedForwardSize = config.size('intermediate_size', 1152);
  const norm = layerNorm(config.positive('norm_eps', 1e-5), config.flag('norm_bias', false));
  const attentionBias = config.flag('attention_bias', false);
  const mlpBias = config.flag('mlp_bias', false);
  const fused = matrix('attn.Wqkv', hiddenSize, 3 * hiddenSize, attentionBias);
  const [query, key, value] = parts(fused, hiddenSize, hiddenSize, hiddenSize);
  const gated = matrix('mlp.Wi', hiddenSize, 2 * feedForwardSize, mlpBias);
  // Transformers calls them input and gate, and the activation is on the first.
  const [gate, up] = parts(gated, feedForwardSize, feedForwardSize);
  const typeOf = layerTypes(config);
  const attention: { readonly [K in LayerType]: Pick<Attention, 'rotary' | 'window'> } = {
    full_attention: { rotary: rotaryOf(config, headSize, 'full_attention'), window: undefined },
    sliding_attention: {
      rotary: rotaryOf(config, headSize, 'sliding_attention'),
      window: Math.floor(config.size('local_attention', 128) / 2),
    },
  };
  const tokens = 'model.embeddings.tok_embeddings.weight';
  const positions = config.size('max_position_embeddings', 8192);
  const headLayer = (activation: string) => ({
    dense: matrix('head.dense', hiddenSize, hiddenSize, config.flag('classifier_bias', false)),
    activation: readActivation(config, activation, 'gelu'),
    norm: norm('head.norm'),
  });
  return {
    family: 'modernbert',
    vocabularySize: config.size('vocab_size', 50_368),
    hiddenSize,
    maxPositions: positions,
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: { tokens, norm: norm('model.embeddings.norm') },
    layers: layers(
      config.layerCount(),
      (layer) => `model.layers.${layer}.`,
      (layer) => ({
        residual: 'pre-norm',
        // The first block stands right behind the embedding's norm.
        norms: { attention: layer === 0 ? { kind: 'none' } : norm('attn_norm'), mlp: norm('mlp_norm') },
        attention: {
          query: query!,
          key: key!,
          value: value!,
          output: matrix('attn.Wo', hiddenSize, hiddenSize, attentionBias),
          headCount,
          keyValueHeadCount: headCount,
          headSize,
          bidirectional: true,
          ...attention[typeOf(layer)],
        },
        mlp: {
          kind: 'gated',
          activation: readActivation(config, 'hidden_activation', 'gelu'),
          gate: gate!,
          up: up!,
          down: matrix('mlp.Wo', feedForwardSize, hiddenSize, mlpBias),
        },
      }),
    ),
    finalNorm: norm('model.final_norm'),
    heads: {
      classifier: 'classifier',
      languageModel: config.flag('tie_word_embeddings', true) ? tokens : 'decoder.weight',
      languageModelBias: 'decoder.bias',
      encoder: {
        pooling: classifierPooling(config),
        poolsAsConfigured: true,
        classifier: { ...headLayer('classifier_activation'), weights: 'base', ofFirstToken: false },
        classes: 'classifier',
        maskedLanguageModel: headLayer('classifier_activation'),
      },
    },
  };
}

/** Newer files say it layer by layer, older ones that every third sees everything. */
function layerTypes(config: ConfigReader): (layer: number) => LayerType {
  const types = readLayerTypes(config);
  const every = config.size('global_attn_every_n_layers', 3);
  return (layer) => types?.[layer] ?? (layer % every === 0 ? 'full_attention' : 'sliding_attention');
}

const THETAS = {
  full_attention: { key: 'global_rope_theta', fallback: 160_000 },
  sliding_attention: { key: 'local_rope_theta', fallback: 10_000 },
} as const;

function rotaryOf(config: ConfigReader, headSize: number, type: LayerType): Attention['rotary'] {
  const section = ropeSectionsByLayerType(config)?.section(type);
  const { key, fallback } = THETAS[type];
  const kind = section?.text('rope_type', 'default') ?? 'default';
  if (kind !== 'default' || config.section('rope_scaling') !== undefined) {
    throw config.unsupported('rope_parameters', kind, 'default');
  }
  return {
    base: section?.positive('rope_theta', fallback) ?? config.positive(key, fallback),
    scaling: { kind: 'default' },
    size: headSize,
  };
}

function classifierPooling(config: ConfigReader): Pooling {
  const pooling = config.text('classifier_pooling', 'cls');
  if (pooling !== 'cls' && pooling !== 'mean') {
    throw config.unsupported('classifier_pooling', pooling, 'cls, mean');
  }
  return pooling === 'cls' ? 'first' : 'mean';
}
