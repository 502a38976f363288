/**
 * @file What a model on disk is to the rest of the house: configuration, named tensors, tokenizer, fingerprint.
 * Every stored form looks like Hugging Face's; what the parameters mean is `model/`'s business.
 */
import type { HostTensor } from '../tensor/host-tensor.ts';

export interface TensorInfo {
  /** As PyTorch has it: [out, in] for a linear layer. */
  readonly shape: readonly number[];
  /** How the file stores it: F32, BF16, Q4_1 ... */
  readonly storedDtype?: string;
  /** Bytes in the file; a part of a stored tensor has its share of them. */
  readonly sizeBytes?: number;
}

/** The forms of a vocabulary beside tokenizer.json; `model` is SentencePiece's or tiktoken's, which its bytes tell. */
export type TokenizerForm = 'bytePairs' | 'model' | 'wordPiece';

export type TokenizerDefinition =
  | {
      readonly kind: 'huggingface';
      /** tokenizer.json. */
      readonly json: unknown;
      /** tokenizer_config.json (undefined when there is none), with the chat template where that is a file of its own. */
      readonly config: unknown;
      readonly file: string;
    }
  | {
      /** What tokenizers are published as without a tokenizer.json: a vocabulary, and what lies beside it. */
      readonly kind: 'vocabulary';
      readonly form: TokenizerForm;
      /** By name, the vocabulary's too: JSON parsed, text as text, a .model as its bytes. */
      readonly files: Readonly<Record<string, unknown>>;
      /** As above. */
      readonly config: unknown;
      /** The vocabulary. */
      readonly file: string;
    }
  | { readonly kind: 'gguf'; readonly metadata: Readonly<Record<string, unknown>>; readonly file: string };

/** A tensor in memory as its file stores it. */
export interface HeldTensor {
  readonly sizeBytes: number;
  /** Decoded to float32, anew each time. Errors as for `Checkpoint.read`. */
  decode(): Promise<HostTensor<'float32'>>;
}

/** A matrix in 4-bit codes as its file has it. */
export interface StoredFourBit {
  /** Two a byte, the first in its upper half; row after row. */
  readonly codes: Uint8Array;
  /** One per block, in float32 also where the file has them in codes of their own. */
  readonly factors: Float32Array;
  /** Elements that share a factor. */
  readonly blockSize: number;
  /** [16] the number of each code, before the factor. */
  readonly numbers: Float32Array;
}

export interface Checkpoint {
  readonly path: string;
  /** config.json in Hugging Face's own keys (for GGUF: translated from its metadata). */
  readonly config: Readonly<Record<string, unknown>>;
  /** By Hugging Face's parameter names: `model.layers.0.self_attn.q_proj.weight` ... */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Undefined when there is none: an error only for who asks for one. */
  readonly tokenizer: TokenizerDefinition | undefined;
  /** SHA-256 over sorted names, shapes, stored dtypes and a sample of each tensor's bytes: the same for the same model. */
  readonly fingerprint: string;
  /** What the files cannot say and is assumed: a sentence each, for the user. */
  readonly notes: readonly string[];
  /** Decoded to float32. Throws CHECKPOINT_TENSOR_MISSING naming it, CHECKPOINT_TENSOR_DTYPE for integers. */
  read(name: string): Promise<HostTensor<'float32'>>;
  /**
   * These rows of a matrix, [rows.length, D], in the order asked for, repeated as often as asked for: what the rows of
   * `read` are, and the same errors, but only their bytes are read, anew each time. A row the matrix does not have, or
   * a tensor that is not a matrix, is a bug in the caller.
   */
  readRows(name: string, rows: ArrayLike<number>): Promise<HostTensor<'float32'>>;
  /** Reads the bytes of a tensor, and decodes them when asked. Undefined: this checkpoint only reads tensors decoded. */
  readonly hold?: (name: string) => Promise<HeldTensor>;
  /** A matrix in its 4-bit codes; undefined where the file does not have it in such. Errors as for `read`. */
  readonly readFourBit?: (name: string) => Promise<StoredFourBit | undefined>;
  /** Lets go of what is held. Reading afterwards throws. */
  close(): Promise<void>;
}
