/** @file What several architectures share: sizes out of the metadata, a decoder's configuration, fused projections. */
import { VultuneError } from '../../../base/errors.ts';
import type { GgufModel, Part } from '../architecture.ts';
import { type RopeParameters, ropeParameters } from '../rope.ts';
import { rowRange } from '../tensor-layout.ts';

export type Config = Readonly<Record<string, unknown>>;

export interface Sizes {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** Tokens. */
  readonly context: number;
}

/** Throws GGUF_METADATA. */
export function readSizes(model: GgufModel): Sizes {
  const { metadata, file } = model;
  const heads = metadata.count('attention.head_count');
  const hidden = metadata.count('embedding_length');
  const headDim = metadata.optionalCount('attention.key_length') ?? hidden / heads;
  if (!Number.isInteger(headDim)) {
    const name = metadata.key('attention.head_count');
    const message = `${file}: metadata ${name} is ${heads}, expected a divisor of ${hidden}, the embedding length`;
    throw new VultuneError('GGUF_METADATA', message, { where: { file, name } });
  }
  return {
    hidden,
    layers: layerCount(model),
    heads,
    keyValueHeads: metadata.optionalCount('attention.head_count_kv') ?? heads,
    headDim,
    context: metadata.count('context_length'),
  };
}

/** Each layer has tensors of its own, so the file bounds them. */
function layerCount({ metadata, file, shapes }: GgufModel): number {
  const layers = metadata.count('block_count');
  if (layers <= shapes.size) return layers;
  const name = metadata.key('block_count');
  const message = `${file}: metadata ${name} is ${layers}, expected at most ${shapes.size}, the number of tensors`;
  throw new VultuneError('GGUF_METADATA', message, { where: { file, name } });
}

/** The shape of a tensor that the file has. Throws GGUF_TENSOR_MISSING. */
export function shapeOf({ shapes, file }: GgufModel, name: string): readonly number[] {
  const shape = shapes.get(name);
  if (shape !== undefined) return shape;
  const where = { file, name };
  throw new VultuneError('GGUF_TENSOR_MISSING', `${file} has no tensor "${name}"`, { where });
}

/** Throws GGUF_TENSOR_MISSING. */
export function rowCount(model: GgufModel, name: string): number {
  return shapeOf(model, name)[0] ?? 0;
}

/** Ids of special tokens, null where the file has none. */
export function specialTokens({ metadata }: GgufModel): Config {
  return {
    bos_token_id: metadata.tokenId('bos'),
    eos_token_id: metadata.tokenId('eos'),
    pad_token_id: metadata.tokenId('padding'),
  };
}

/** Tokens that one sees back, `attention.sliding_window`; undefined for all, which some files write as 0. Throws GGUF_METADATA. */
export function attentionWindow({ metadata }: GgufModel): number | undefined {
  const key = 'attention.sliding_window';
  return metadata.optionalNumber(key) === 0 ? undefined : metadata.optionalCount(key);
}

/** The keys that decoders with rotary positions have in common. */
export function rotaryDecoderConfig(model: GgufModel, sizes: Sizes, rope: RopeParameters): Config {
  return {
    hidden_size: sizes.hidden,
    num_hidden_layers: sizes.layers,
    num_attention_heads: sizes.heads,
    num_key_value_heads: sizes.keyValueHeads,
    head_dim: sizes.headDim,
    intermediate_size: model.metadata.count('feed_forward_length'),
    rope_theta: rope.rope_theta,
    rope_parameters: rope,
    max_position_embeddings: sizes.context,
    vocab_size: rowCount(model, 'token_embd.weight'),
    tie_word_embeddings: !model.shapes.has('output.weight'),
    ...specialTokens(model),
  };
}

/** Rotary settings of a family that turns a first part of each head. */
export function partialRope(model: GgufModel, sizes: Sizes, rotated: number): RopeParameters {
  return {
    ...ropeParameters(model, rotated, sizes.context),
    partial_rotary_factor: rotated / sizes.headDim,
  };
}

/**
 * The parts of `attn_qkv` where Hugging Face keeps queries, keys and values apart: rows [H d | G d | G d].
 * Throws GGUF_TENSOR_SHAPE where a stored tensor has another number of rows.
 */
export function apartFromFused(model: GgufModel, sizes: Sizes, prefix: string): readonly Part[] {
  const query = sizes.heads * sizes.headDim;
  const key = sizes.keyValueHeads * sizes.headDim;
  const rows = query + 2 * key;
  for (const [name, [found]] of model.shapes) {
    if (found === rows || !/^blk\.\d+\.attn_qkv\./.test(name)) continue;
    const expected = `expected ${rows} for ${sizes.heads} heads of queries and twice ${sizes.keyValueHeads} of ${sizes.headDim}`;
    throw new VultuneError('GGUF_TENSOR_SHAPE', `${model.file}: "${name}" has ${found} rows, ${expected}`, {
      where: { file: model.file, name },
    });
  }
  return [
    { name: `${prefix}q_proj`, layout: rowRange(0, query) },
    { name: `${prefix}k_proj`, layout: rowRange(query, key) },
    { name: `${prefix}v_proj`, layout: rowRange(query + key, key) },
  ];
}
