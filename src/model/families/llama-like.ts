/** @file What Llama and its relatives share: pre-norm blocks, rotary attention, and one scheme of names. */
import type { Block, HeadNorm, Mlp, Model, Norm, Residual } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { layers, matrix, rmsNorm, whole } from './parts.ts';
import { type RotaryConfig, readRotary, ropeSection } from './rotary-config.ts';

export interface LlamaLikeVariant {
  readonly family: string;
  readonly queryKeyValueBias: boolean;
  readonly attentionOutputBias: boolean;
  readonly maxPositions: number;
  window(layer: number): number | undefined;
  /** d; default: `head_dim`, or D / H. */
  readonly headSize?: number;
  /** K where the file does not say it; default: H. */
  readonly keyValueHeadCount?: number;
  /** Default: RMS norms with `rms_norm_eps`. */
  readonly norm?: (name: string) => Norm;
  /** Queries and keys have norms, `self_attn.q_norm` and `self_attn.k_norm`, over each head or all of them. Default: none. */
  readonly normsHeads?: HeadNorm['over'];
  /** Default: every feature of a head turns, as `rope_parameters` say. */
  readonly rotary?: (headSize: number, layer: number) => RotaryConfig;
  /** Factor on q k^T; default: 1 / sqrt(d). */
  readonly scale?: number;
  /** Default: `self_attn.o_proj`. */
  readonly attentionOutput?: string;
  /** Default: one after the other, each behind its own norm. */
  readonly residual?: Residual;
  readonly norms?: (norm: (name: string) => Norm) => Block['norms'];
  readonly mlp: (hiddenSize: number, feedForwardSize: number) => Mlp;
  readonly tiesEmbeddings: boolean;
  /** Factor on the rows of the embedding. */
  readonly embeddingScale?: number;
  /** Default: `model.norm`. */
  readonly finalNorm?: string;
  /** Full name of the bias on the logits of the next token. */
  readonly languageModelBias?: string;
}

export function llamaLike(config: ConfigReader, variant: LlamaLikeVariant): Model {
  const hiddenSize = config.size('hidden_size');
  const headCount = config.size('num_attention_heads');
  const keyValueHeadCount = config.size('num_key_value_heads', variant.keyValueHeadCount ?? headCount);
  const headSize = config.size('head_dim', variant.headSize ?? Math.floor(hiddenSize / headCount));
  if (headCount % keyValueHeadCount !== 0) {
    throw config.unsupported('num_key_value_heads', keyValueHeadCount, `a divisor of ${headCount}`);
  }
  if (headSize % 2 !== 0) throw config.unsupported('head_dim', headSize, 'an even number');
  const qkvBias = variant.queryKeyValueBias;
  const norm = variant.norm ?? rmsNorm(config.positive('rms_norm_eps', 1e-6));
  const headNorms = (over: HeadNorm['over']) => ({
    queryNorm: { norm: norm('self_attn.q_norm'), over },
    keyNorm: { norm: norm('self_attn.k_norm'), over },
  });
  const [querySize, keySize] = [headCount * headSize, keyValueHeadCount * headSize];
  const layerCount = config.layerCount();
  const rotaries = Array.from(
    { length: layerCount },
    (_, layer) => variant.rotary?.(headSize, layer) ?? readRotary(config, headSize, {}, ropeSection(config)),
  );
  const positionLimit = rotaries.find((one) => one.positionLimit !== undefined)?.positionLimit;
  const attention = {
    query: whole(matrix('self_attn.q_proj', hiddenSize, querySize, qkvBias)),
    key: whole(matrix('self_attn.k_proj', hiddenSize, keySize, qkvBias)),
    value: whole(matrix('self_attn.v_proj', hiddenSize, keySize, qkvBias)),
    output: matrix(
      variant.attentionOutput ?? 'self_attn.o_proj',
      querySize,
      hiddenSize,
      variant.attentionOutputBias,
    ),
    headCount,
    keyValueHeadCount,
    headSize,
    ...(variant.scale !== undefined && { scale: variant.scale }),
    ...(variant.normsHeads !== undefined && headNorms(variant.normsHeads)),
  };
  const block = {
    residual: variant.residual ?? 'pre-norm',
    norms: variant.norms?.(norm) ?? {
      attention: norm('input_layernorm'),
      mlp: norm('post_attention_layernorm'),
    },
    mlp: variant.mlp(hiddenSize, config.size('intermediate_size')),
  };
  const embedding = 'model.embed_tokens.weight';
  return {
    family: variant.family,
    vocabularySize: config.size('vocab_size'),
    hiddenSize,
    maxPositions: Math.min(variant.maxPositions, positionLimit ?? Number.POSITIVE_INFINITY),
    ...(positionLimit !== undefined && { positionLimit }),
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: {
      tokens: embedding,
      ...(variant.embeddingScale !== undefined && { scale: variant.embeddingScale }),
    },
    layers: layers(
      layerCount,
      (layer) => `model.layers.${layer}.`,
      (layer) => ({
        ...block,
        attention: { ...attention, rotary: rotaries[layer]!.rotary, window: variant.window(layer) },
      }),
    ),
    finalNorm: norm(variant.finalNorm ?? 'model.norm'),
    heads: {
      classifier: 'score',
      languageModel: variant.tiesEmbeddings ? embedding : 'lm_head.weight',
      ...(variant.languageModelBias !== undefined && { languageModelBias: variant.languageModelBias }),
    },
  };
}

export interface GatedMlpOptions {
  readonly bias?: boolean;
  /** The field of config.json, and what it is where it is missing. */
  readonly key?: string;
  readonly activation?: string;
}

/** down(activation(gate(x)) * up(x)), each a matrix of its own; default: silu. */
export function gatedMlp(
  config: ConfigReader,
  { bias = false, key = 'hidden_act', activation: usual = 'silu' }: GatedMlpOptions = {},
): LlamaLikeVariant['mlp'] {
  const activation = readActivation(config, key, usual);
  return (hiddenSize, feedForwardSize) => ({
    kind: 'gated',
    activation,
    gate: whole(matrix('mlp.gate_proj', hiddenSize, feedForwardSize, bias)),
    up: whole(matrix('mlp.up_proj', hiddenSize, feedForwardSize, bias)),
    down: matrix('mlp.down_proj', feedForwardSize, hiddenSize, bias),
  });
}
