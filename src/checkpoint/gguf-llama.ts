/**
 * @file GGUF's llama and qwen2 models in Hugging Face's words: parameter names, config.json, row order.
 * Knows the two vocabularies; nothing of files.
 */
import { inspect } from 'node:util';
import { VultuneError } from '../base/errors.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { llama3RopeFromFactors } from './gguf-rope.ts';

export type GgufMetadata = Readonly<Record<string, unknown>>;
type Config = Record<string, unknown>;

export interface GgufShapes {
  readonly file: string;
  /** Shapes by GGUF name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Divisors of the rotary frequencies [head_dim / 2], where the file has them. */
  readonly ropeFactors: Float32Array | undefined;
}

const ARCHITECTURES = ['llama', 'qwen2'] as const;

const BLOCK_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const TOP_NAMES: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

/** Tables that the model can compute itself; the rotary factors go into the configuration. */
const NOT_PARAMETERS = /^(rope_freqs\.weight|blk\.\d+\.attn_rot_embd\.weight)$/;

/** Hugging Face's name; undefined for a tensor that is not a parameter. Throws GGUF_TENSOR_UNKNOWN: ignoring one would change the model. */
export function huggingFaceName(file: string, name: string): string | undefined {
  if (NOT_PARAMETERS.test(name)) return undefined;
  const block = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
  const inBlock = block === null ? undefined : BLOCK_NAMES[block[2]!];
  if (block !== null && inBlock !== undefined) return `model.layers.${block[1]}.${inBlock}.${block[3]}`;
  const top = /^(\w+)\.(weight|bias)$/.exec(name);
  const atTop = top === null ? undefined : TOP_NAMES[top[1]!];
  if (top !== null && atTop !== undefined) return `${atTop}.${top[2]}`;
  throw new VultuneError(
    'GGUF_TENSOR_UNKNOWN',
    `${file}: "${name}" is not a tensor of a llama or qwen2 model`,
    {
      where: { file, name },
      hint: 'The model has a part that Vultune does not compute; take its safetensors checkpoint or another model.',
    },
  );
}

/** Throws GGUF_ARCHITECTURE, GGUF_METADATA, GGUF_ROPE. */
export function huggingFaceConfig(metadata: GgufMetadata, { file, shapes, ropeFactors }: GgufShapes): Config {
  const architecture = checkArchitecture(metadata, file);
  const read = (key: string) => number(metadata, file, `${architecture}.${key}`);
  const optional = (key: string) => optionalNumber(metadata, `${architecture}.${key}`);
  const heads = read('attention.head_count');
  const hidden = read('embedding_length');
  const headDim = optional('attention.key_length') ?? hidden / heads;
  const rotated = optional('rope.dimension_count') ?? headDim;
  if (rotated !== headDim) {
    const message = `${file} rotates ${rotated} of ${headDim} dimensions of a head; all or none can be computed`;
    throw new VultuneError('GGUF_ROPE', message, {
      where: { file, name: `${architecture}.rope.dimension_count` },
    });
  }
  const window = optional('attention.sliding_window');
  const ropeTheta = optional('rope.freq_base') ?? 10000;
  const token = (name: string) => optionalNumber(metadata, `tokenizer.ggml.${name}_token_id`) ?? null;
  return {
    // llama.cpp calls Mistral's models llama: the same computation but for the window.
    model_type: architecture === 'llama' && window !== undefined ? 'mistral' : architecture,
    hidden_size: hidden,
    num_hidden_layers: read('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: optional('attention.head_count_kv') ?? heads,
    head_dim: headDim,
    intermediate_size: read('feed_forward_length'),
    hidden_act: 'silu',
    rms_norm_eps: read('attention.layer_norm_rms_epsilon'),
    rope_theta: ropeTheta,
    rope_parameters: {
      rope_theta: ropeTheta,
      ...ropeScaling(metadata, architecture, file, ropeTheta, ropeFactors),
    },
    max_position_embeddings: read('context_length'),
    vocab_size: vocabularySize(shapes, file),
    tie_word_embeddings: !shapes.has('output.weight'),
    attention_bias: shapes.has('blk.0.attn_q.bias'),
    mlp_bias: shapes.has('blk.0.ffn_gate.bias'),
    sliding_window: window ?? null,
    ...(architecture === 'qwen2' ? { use_sliding_window: window !== undefined } : {}),
    bos_token_id: token('bos'),
    eos_token_id: token('eos'),
    pad_token_id: token('padding'),
  };
}

/** Throws GGUF_ARCHITECTURE. */
function checkArchitecture(metadata: GgufMetadata, file: string): (typeof ARCHITECTURES)[number] {
  const found = metadata['general.architecture'];
  const known = ARCHITECTURES.find((name) => name === found);
  const experts = known === undefined ? undefined : optionalNumber(metadata, `${known}.expert_count`);
  if (known !== undefined && (experts ?? 0) === 0) return known;
  const what = known === undefined ? `architecture ${inspect(found)}` : `${experts} experts per layer`;
  const message = `${file} holds a model of ${what}; a GGUF of ${ARCHITECTURES.join(' or ')} can be read`;
  throw new VultuneError('GGUF_ARCHITECTURE', message, {
    where: { file, name: 'general.architecture' },
    hint: "Use the model's safetensors checkpoint if its family is supported.",
  });
}

function ropeScaling(
  metadata: GgufMetadata,
  architecture: string,
  file: string,
  ropeTheta: number,
  ropeFactors: Float32Array | undefined,
): Config {
  if (ropeFactors !== undefined) return llama3RopeFromFactors(file, ropeTheta, ropeFactors);
  const type = metadata[`${architecture}.rope.scaling.type`] ?? 'none';
  // Before rope.scaling.type there was rope.scale_linear.
  const factor =
    optionalNumber(metadata, `${architecture}.rope.scaling.factor`) ??
    optionalNumber(metadata, `${architecture}.rope.scale_linear`);
  if (factor !== undefined && factor !== 1 && type !== 'yarn' && type !== 'longrope') {
    return { rope_type: 'linear', factor };
  }
  if (type === 'none' || type === 'linear') return { rope_type: 'default' };
  const name = `${architecture}.rope.scaling.type`;
  throw new VultuneError('GGUF_ROPE', `${file}: rope scaling ${inspect(type)} cannot be computed`, {
    where: { file, name },
    hint: 'Supported are none, linear and the factors of Llama 3.',
  });
}

function vocabularySize(shapes: ReadonlyMap<string, readonly number[]>, file: string): number {
  const size = shapes.get('token_embd.weight')?.[0];
  if (size !== undefined) return size;
  const where = { file, name: 'token_embd.weight' };
  throw new VultuneError('GGUF_TENSOR_MISSING', `${file} has no tensor "token_embd.weight"`, { where });
}

function number(metadata: GgufMetadata, file: string, name: string): number {
  const value = optionalNumber(metadata, name);
  if (value !== undefined) return value;
  const found = name in metadata ? `is ${inspect(metadata[name])}` : 'is missing';
  const message = `${file}: metadata ${name} ${found}, expected a number`;
  throw new VultuneError('GGUF_METADATA', message, { where: { file, name } });
}

/** A float32 of the file is given as the shortest decimal that is it: 1e-5, not 0.000009999999747378752. */
function optionalNumber(metadata: GgufMetadata, name: string): number | undefined {
  const value = metadata[name];
  if (typeof value !== 'number') return undefined;
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/**
 * Undoes llama.cpp's reordering of the query and key rows: it turns pairs (2j, 2j + 1) of a head where Hugging Face
 * turns (j, j + head_dim/2). Works for weights [heads * headDim, in] and biases [heads * headDim].
 */
export function unpermuteRotaryRows(tensor: HostTensor<'float32'>, headDim: number): HostTensor<'float32'> {
  const rows = tensor.shape[0] ?? 1;
  const width = tensor.data.length / rows;
  const data = new Float32Array(tensor.data.length);
  for (let row = 0; row < rows; row++) {
    const from = permutedRotaryRow(row, headDim);
    data.set(tensor.data.subarray(from * width, (from + 1) * width), row * width);
  }
  return { ...tensor, data };
}

/** Which row of llama.cpp's order is this row of Hugging Face's (see {@link unpermuteRotaryRows}). */
export function permutedRotaryRow(row: number, headDim: number): number {
  const half = headDim / 2;
  const inHead = row % headDim;
  return row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
}
