/**
 * @file The contract between a GGUF file and Hugging Face's words: what an architecture of llama.cpp is called there,
 * its config.json, and which layout its tensors have. Architectures are rows of `architectures/registry.ts`.
 */
import type { MetadataReader } from './metadata.ts';
import type { TensorLayout } from './tensor-layout.ts';

/** Tables of divisors of the rotary frequencies, each [rotated / 2], where the file has them. */
export interface RopeTables {
  /** `rope_freqs.weight`: Llama 3's. */
  readonly frequencies: Float32Array | undefined;
  /** `rope_factors_short.weight` and `rope_factors_long.weight`: LongRoPE's. */
  readonly short: Float32Array | undefined;
  readonly long: Float32Array | undefined;
}

/** What an architecture may look at: metadata and shapes, no weights. */
export interface GgufModel {
  readonly file: string;
  readonly metadata: MetadataReader;
  /** By GGUF's names, in PyTorch's order: [out, in]. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly ropeTables: RopeTables;
}

/** One tensor of Hugging Face's in a tensor of the file. */
export interface Part {
  /** Without `.weight` or `.bias`, and in a block without the block's prefix. */
  readonly name: string;
  readonly layout: TensorLayout;
}

/** A name where the file stores the tensor as Hugging Face does, else the parts of which the stored tensor consists. */
export type Placement = string | readonly Part[];

export interface HuggingFaceModel {
  /** config.json with the keys that Transformers writes for this `model_type`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** By GGUF's name without `.weight` or `.bias`: `token_embd`. */
  readonly top: Readonly<Record<string, Placement>>;
  /** By GGUF's name within a block: `attn_q` of `blk.0.attn_q.weight`. */
  readonly block: Readonly<Record<string, Placement>>;
  /** What stands before a block's number: `model.layers.`. */
  readonly blockPrefix: string;
  /** What the file cannot say, and what is assumed: a sentence each, for the user. */
  readonly notes?: readonly string[];
}

/** Throws GGUF_METADATA, GGUF_ROPE, GGUF_TENSOR_MISSING, GGUF_TENSOR_SHAPE, GGUF_ARCHITECTURE. */
export type GgufArchitecture = (model: GgufModel) => HuggingFaceModel;
