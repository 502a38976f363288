/**
 * @file Writes a model of random weights to disk, whatever its size: the folder that a published config.json would come with, for
 * measuring what a model of that geometry takes. A block of random numbers is repeated, so that a model of any size takes the time of
 * its bytes; in bfloat16 or float16, or with the matrices of the blocks as bitsandbytes stores them in 4 bits.
 */
import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../src/base/errors.ts';
import { makeFolder, writeFileAtomic } from '../../src/base/files.ts';
import { formatBytes } from '../../src/base/numbers.ts';
import { randomStream } from '../../src/base/random.ts';
import { type LatePiece, writePieces } from '../../src/base/write-pieces.ts';
import { encodeBfloat16, encodeFloat16 } from '../../src/checkpoint/float-formats.ts';
import { encodeHeader, type WrittenTensor } from '../../src/checkpoint/safetensors-header.ts';
import { promisedShapes } from '../../src/model/check-weights.ts';
import { readModel } from '../../src/model/families/registry.ts';
import { layerMatrices } from '../../src/model/matrices.ts';
import type { Matrix } from '../../src/model/spec.ts';
import { sizeOf } from '../../src/tensor/host-tensor.ts';
import { BYTE_CHARACTERS } from '../../src/text/byte-alphabet.ts';
import { BLOCK_SIZE, encodeFourBit, FOUR_BIT_NUMBERS } from '../../src/weights/four-bit.ts';

/** Published geometries by name, in the keys of Hugging Face's config.json. */
export const GEOMETRIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'llama-7b': {
    model_type: 'llama',
    vocab_size: 32000,
    hidden_size: 4096,
    intermediate_size: 11008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-6,
    hidden_act: 'silu',
    tie_word_embeddings: false,
    eos_token_id: 0,
  },
  'starcoder-15b': {
    model_type: 'gpt_bigcode',
    vocab_size: 49152,
    n_embd: 6144,
    n_inner: 24576,
    n_layer: 40,
    n_head: 48,
    n_positions: 8192,
    multi_query: true,
    activation_function: 'gelu_pytorch_tanh',
    layer_norm_epsilon: 1e-5,
    eos_token_id: 0,
  },
};

export const STORED_TYPES = ['bfloat16', 'float16', 'nf4'] as const;
export type StoredType = (typeof STORED_TYPES)[number];

export interface RandomModelOptions {
  /** A config.json's content. */
  readonly config: Readonly<Record<string, unknown>>;
  /** How the matrices of the blocks are stored; all else is bfloat16, or float16 where that is asked for. Default: bfloat16. */
  readonly stored?: StoredType;
  /** Fewer layers than the configuration says, of the same widths. */
  readonly layers?: number | undefined;
  readonly shardBytes?: number;
  readonly seed?: number;
  readonly onWritten?: (bytes: number) => void;
}

export interface WrittenModel {
  readonly parameters: number;
  readonly sizeBytes: number;
}

const SHARD_BYTES = 5e9;
const LAYER_KEYS = ['num_hidden_layers', 'n_layer', 'num_layers'] as const;

/**
 * Writes config.json, a tokenizer of single bytes, and the weights, under the names of the model's specification, into a folder that is
 * new or empty.
 * @throws VultuneError OUTPUT_EXISTS; DISK_FULL before a byte is written where the disk has less than the weights take; what `readModel`
 * throws for a configuration that is not a supported model's
 */
export async function writeRandomModel(folder: string, options: RandomModelOptions): Promise<WrittenModel> {
  const { stored = 'bfloat16', shardBytes = SHARD_BYTES, seed = 1, onWritten } = options;
  const config = withLayers(options.config, options.layers);
  const tensors = storedTensors(config, stored, new RandomBlock(seed));
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new VultuneError('OUTPUT_EXISTS', `${folder} has something in it, expected a new folder`, {
      where: { file: folder },
    });
  }
  const sizeBytes = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  requireDisk(folder, sizeBytes);
  makeFolder(folder);
  const shards: StoredPart[][] = [[]];
  for (const tensor of tensors) {
    const held = shards.at(-1)!.reduce((sum, { bytes }) => sum + bytes, 0);
    if (held > 0 && held + tensor.bytes > shardBytes) shards.push([]);
    shards.at(-1)!.push(tensor);
  }
  const number = (i: number) => `${i}`.padStart(5, '0');
  const places: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const file = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    const parts = shard.flatMap(({ parts: own }) => own);
    for (const { name } of parts) places[name] = file;
    await writePieces(join(folder, file), [encodeHeader(parts, { format: 'pt' }), ...parts], { onWritten });
  }
  const json = (name: string, value: unknown) =>
    writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  json('model.safetensors.index.json', { metadata: { total_size: sizeBytes }, weight_map: places });
  json('tokenizer.json', byteTokenizer());
  // Last: a folder that has it is whole.
  json('config.json', config);
  const parameters = tensors.reduce((sum, tensor) => sum + tensor.parameters, 0);
  return { parameters, sizeBytes };
}

function withLayers(config: Readonly<Record<string, unknown>>, layers: number | undefined) {
  if (layers === undefined) return config;
  const key = LAYER_KEYS.find((name) => name in config) ?? LAYER_KEYS[0];
  return { ...config, [key]: layers };
}

function requireDisk(folder: string, bytes: number): void {
  let nearest = resolve(folder);
  while (!existsSync(nearest)) nearest = dirname(nearest);
  const { bavail, bsize } = statfsSync(nearest);
  if (bavail * bsize >= bytes) return;
  throw new VultuneError(
    'DISK_FULL',
    `${folder} takes ${formatBytes(bytes)}, the disk has ${formatBytes(bavail * bsize)} left`,
    { where: { file: folder }, hint: 'Free some space, store nf4, or write fewer layers.' },
  );
}

type Piece = WrittenTensor & LatePiece;

/** A parameter of the model with the tensors that it is stored as. */
interface StoredPart {
  readonly parameters: number;
  readonly bytes: number;
  readonly parts: readonly Piece[];
}

function storedTensors(
  config: Readonly<Record<string, unknown>>,
  stored: StoredType,
  random: RandomBlock,
): StoredPart[] {
  const model = readModel(config, 'config.json');
  const matrices = new Map<string, Matrix>(
    layerMatrices(model).map(({ name, matrix }) => [`${name}.weight`, matrix] as const),
  );
  const tensors: StoredPart[] = [];
  for (const [name, shape] of promisedShapes(model)) {
    const matrix = matrices.get(name);
    // A product of inputs of deviation 1 then has a deviation below 1, and the sum over all layers stays small.
    const deviation = matrix === undefined ? 1 : 0.5 / Math.sqrt(matrix.inputSize);
    const ownShape = matrix?.transposed === true ? shape.toReversed() : shape;
    const parts =
      matrix !== undefined && stored === 'nf4'
        ? random.fourBit(name, ownShape, deviation)
        : [
            random.floats(
              name,
              ownShape,
              stored === 'float16' ? 'F16' : 'BF16',
              distributionOf(name, shape, deviation),
            ),
          ];
    const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    tensors.push({ parameters: sizeOf(shape), bytes, parts });
  }
  return tensors;
}

/** Norms are as at the beginning of a training. */
function distributionOf(
  name: string,
  shape: readonly number[],
  deviation: number,
): { deviation: number; mean: number } {
  if (shape.length > 1) return { deviation, mean: 0 };
  return { deviation: 0, mean: name.endsWith('.bias') ? 0 : 1 };
}

/** Numbers of a normal distribution, in blocks of a prime count: repeated, they do not make equal rows. */
const BLOCKS = 1021;

class RandomBlock {
  readonly #values: Float32Array;
  readonly #codes: Uint8Array;
  readonly #factors: Float32Array;

  constructor(seed: number) {
    const stream = randomStream(seed, 'random model');
    this.#values = Float32Array.from({ length: BLOCKS * BLOCK_SIZE }, () => stream.normal());
    const { codes, factors } = encodeFourBit(this.#values, 'nf4');
    this.#codes = codes;
    this.#factors = factors;
  }

  floats(
    name: string,
    shape: readonly number[],
    dtype: 'F16' | 'BF16',
    { deviation, mean }: { readonly deviation: number; readonly mean: number },
  ): Piece {
    const encode = dtype === 'F16' ? encodeFloat16 : encodeBfloat16;
    const read = async () =>
      repeated(bytesOf(encode(this.#values.map((value) => mean + deviation * value))), 2 * sizeOf(shape));
    return { name, shape, dtype, sizeBytes: 2 * sizeOf(shape), read };
  }

  /** As bitsandbytes saves a matrix without double quantisation. */
  fourBit(name: string, shape: readonly number[], deviation: number): Piece[] {
    const size = sizeOf(shape);
    const blocks = Math.ceil(size / BLOCK_SIZE);
    const state = Buffer.from(
      JSON.stringify({ quant_type: 'nf4', blocksize: BLOCK_SIZE, dtype: 'bfloat16', shape }),
    );
    const piece = (
      end: string,
      dtype: string,
      ownShape: readonly number[],
      bytes: number,
      make: () => Uint8Array,
    ) => ({
      name: `${name}${end}`,
      dtype,
      shape: ownShape,
      sizeBytes: bytes,
      read: async () => make(),
    });
    const codeBytes = Math.ceil(size / 2);
    return [
      piece('', 'U8', [codeBytes, 1], codeBytes, () => repeated(this.#codes, codeBytes)),
      piece('.absmax', 'F32', [blocks], 4 * blocks, () =>
        repeated(bytesOf(this.#factors.map((factor) => deviation * factor)), 4 * blocks),
      ),
      piece('.quant_map', 'F32', [16], 64, () => bytesOf(Float32Array.from(FOUR_BIT_NUMBERS.nf4))),
      piece('.quant_state.bitsandbytes__nf4', 'U8', [state.byteLength], state.byteLength, () => state),
    ];
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function repeated(block: Uint8Array, sizeBytes: number): Uint8Array {
  const out = new Uint8Array(sizeBytes);
  out.set(block.subarray(0, sizeBytes));
  for (let at = block.byteLength; at < sizeBytes; at *= 2)
    out.copyWithin(at, 0, Math.min(at, sizeBytes - at));
  return out;
}

/** Byte-level BPE without a merge: a token a byte. */
function byteTokenizer() {
  const vocab: Record<string, number> = { '<|endoftext|>': 0 };
  for (const [byte, character] of BYTE_CHARACTERS.entries()) vocab[character] = byte + 1;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    added_tokens: [
      {
        id: 0,
        content: '<|endoftext|>',
        special: true,
        normalized: false,
        single_word: false,
        lstrip: false,
        rstrip: false,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab, merges: [] },
  };
}
