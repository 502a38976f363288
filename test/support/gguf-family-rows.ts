/**
 * @file The tensors of tiny models of every architecture of GGUF: Hugging Face's name, GGUF's, the tensor in Hugging
 * Face's layout, and what llama.cpp's converter makes of it. The converter's rules are written here once more.
 */
import { float32, type HostTensor } from '../../src/tensor/host-tensor.ts';
import { rowsOf } from './rows-of.ts';

// Hidden size, heads, groups of keys and values, head size, feed-forward size, vocabulary, positions.
export const [D, H, G, d, F, V, P] = [8, 2, 1, 4, 12, 6, 10];

export type Tensor = HostTensor<'float32'>;

let next = 1;
/** Numbers that no other tensor has. */
export const some = (...shape: number[]): Tensor =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, () => next++),
  );

/** [Hugging Face's name, GGUF's, the tensor in Hugging Face's layout, what the converter makes of it]. */
export type Row = readonly [
  huggingFace: string,
  gguf: string,
  tensor: Tensor,
  convert?: ((tensor: Tensor) => Tensor) | undefined,
];

export const withBias = (
  huggingFace: string,
  gguf: string,
  rows: number,
  weight: Row[2],
  convert?: Row[3],
): Row[] => [
  [`${huggingFace}.weight`, `${gguf}.weight`, weight, convert],
  [`${huggingFace}.bias`, `${gguf}.bias`, some(rows)],
];
export const norm = (huggingFace: string, gguf: string): Row[] => withBias(huggingFace, gguf, D, some(D));

function turn(tensor: Tensor): Tensor {
  const [rows, columns] = tensor.shape as [number, number];
  const data = Array.from({ length: rows * columns }, (_, i) => tensor.data[(i % rows) * columns + Math.floor(i / rows)]!); // biome-ignore format: one line
  return float32([columns, rows], data);
}

/** Rows (j, j + half) of each head become neighbours. */
export function interleave(tensor: Tensor): Tensor {
  const order = Array.from({ length: tensor.shape[0]! / d }, (_, head) =>
    Array.from({ length: d / 2 }, (__, j) => [head * d + j, head * d + j + d / 2]),
  ).flat(2);
  return rowsOf(tensor, order);
}

export const layer = 'model.layers.0';

export const decoderTop: Row[] = [
  ['model.embed_tokens.weight', 'token_embd.weight', some(V, D)],
  ['model.norm.weight', 'output_norm.weight', some(D)],
];
export const rmsNorms: Row[] = [
  [`${layer}.input_layernorm.weight`, 'blk.0.attn_norm.weight', some(D)],
  [`${layer}.post_attention_layernorm.weight`, 'blk.0.ffn_norm.weight', some(D)],
];
export const output: Row = ['lm_head.weight', 'output.weight', some(V, D)];

/** q, k, v and o of a Llama-like block. */
export const attention = (convert?: Row[3], biased = false): Row[] =>
  (
    [
      ['q', 'q', H * d],
      ['k', 'k', G * d],
      ['v', 'v', G * d],
    ] as const
  )
    .flatMap(([huggingFace, gguf, rows]) => {
      const to = huggingFace === 'v' ? undefined : convert;
      const names = [`${layer}.self_attn.${huggingFace}_proj`, `blk.0.attn_${gguf}`] as const;
      const both = withBias(...names, rows, some(rows, D), to);
      return biased ? both : both.slice(0, 1);
    })
    .concat([[`${layer}.self_attn.o_proj.weight`, 'blk.0.attn_output.weight', some(D, H * d)]]);

export const gated: Row[] = [
  [`${layer}.mlp.gate_proj.weight`, 'blk.0.ffn_gate.weight', some(F, D)],
  [`${layer}.mlp.up_proj.weight`, 'blk.0.ffn_up.weight', some(F, D)],
  [`${layer}.mlp.down_proj.weight`, 'blk.0.ffn_down.weight', some(D, F)],
];
export const gateUpDown: Row[] = [
  [`${layer}.mlp.gate_up_proj.weight`, 'blk.0.ffn_up.weight', some(2 * F, D)],
  [`${layer}.mlp.down_proj.weight`, 'blk.0.ffn_down.weight', some(D, F)],
];

/** GPT-2's and StarCoder's names; `convert` is what becomes of the matrices, given in Hugging Face's layout. */
export function gpt2Rows(qkv: number, conv1d: boolean): Row[] {
  const matrix = (rows: number, columns: number) => (conv1d ? some(columns, rows) : some(rows, columns));
  const convert = conv1d ? turn : undefined;
  const block = 'transformer.h.0';
  return [
    ['transformer.wte.weight', 'token_embd.weight', some(V, D)],
    ['transformer.wpe.weight', 'position_embd.weight', some(P, D)],
    ...norm('transformer.ln_f', 'output_norm'),
    ...norm(`${block}.ln_1`, 'blk.0.attn_norm'),
    ...norm(`${block}.ln_2`, 'blk.0.ffn_norm'),
    ...withBias(`${block}.attn.c_attn`, 'blk.0.attn_qkv', qkv, matrix(qkv, D), convert),
    ...withBias(`${block}.attn.c_proj`, 'blk.0.attn_output', D, matrix(D, D), convert),
    ...withBias(`${block}.mlp.c_fc`, 'blk.0.ffn_up', F, matrix(F, D), convert),
    ...withBias(`${block}.mlp.c_proj`, 'blk.0.ffn_down', D, matrix(D, F), convert),
  ];
}

export function bertRows(prefix: string, convert?: Row[3]): Row[] {
  const block = `${prefix}.encoder.layer.0`;
  const positions = convert === undefined ? P : P + 2;
  return [
    [`${prefix}.embeddings.word_embeddings.weight`, 'token_embd.weight', some(V, D)],
    [`${prefix}.embeddings.token_type_embeddings.weight`, 'token_types.weight', some(2, D)],
    [
      `${prefix}.embeddings.position_embeddings.weight`,
      'position_embd.weight',
      float32([positions, D], [...new Float32Array((positions - P) * D), ...some(P, D).data]),
      convert,
    ],
    ...norm(`${prefix}.embeddings.LayerNorm`, 'token_embd_norm'),
    ...(['query', 'key', 'value'] as const).flatMap((role) =>
      withBias(`${block}.attention.self.${role}`, `blk.0.attn_${role[0]}`, D, some(D, D)),
    ),
    ...withBias(`${block}.attention.output.dense`, 'blk.0.attn_output', D, some(D, D)),
    ...norm(`${block}.attention.output.LayerNorm`, 'blk.0.attn_output_norm'),
    ...withBias(`${block}.intermediate.dense`, 'blk.0.ffn_up', F, some(F, D)),
    ...withBias(`${block}.output.dense`, 'blk.0.ffn_down', D, some(D, F)),
    ...norm(`${block}.output.LayerNorm`, 'blk.0.layer_output_norm'),
  ];
}
