/** @file llama.cpp's `gpt2`. Its matrices are Conv1D in Hugging Face, [in, out]: the converter turns them, so they are turned back. */
import type { GgufModel, HuggingFaceModel, Part, Placement } from '../architecture.ts';
import { transposed } from '../tensor-layout.ts';
import { type Config, readSizes, rowCount, specialTokens } from './parts.ts';

export const GPT2_TOP = {
  token_embd: 'transformer.wte',
  position_embd: 'transformer.wpe',
  output_norm: 'transformer.ln_f',
  output: 'lm_head',
} as const satisfies Readonly<Record<string, Placement>>;

export const GPT2_BLOCK = {
  attn_norm: 'ln_1',
  attn_qkv: 'attn.c_attn',
  attn_output: 'attn.c_proj',
  ffn_norm: 'ln_2',
  ffn_up: 'mlp.c_fc',
  ffn_down: 'mlp.c_proj',
} as const satisfies Readonly<Record<string, Placement>>;

export const GPT2_BLOCK_PREFIX = 'transformer.h.';

/** The keys of GPT-2 and GPT-BigCode. The feed-forward size is the weights': the converter writes 4 D whatever it is. */
export function gpt2Config(model: GgufModel): Config {
  const { hidden, layers, heads } = readSizes(model);
  const feedForward = rowCount(model, 'blk.0.ffn_up.weight');
  return {
    vocab_size: rowCount(model, 'token_embd.weight'),
    n_positions: rowCount(model, 'position_embd.weight'),
    n_embd: hidden,
    n_layer: layers,
    n_head: heads,
    n_inner: feedForward === 4 * hidden ? null : feedForward,
    layer_norm_epsilon: model.metadata.number('attention.layer_norm_epsilon'),
    scale_attn_weights: true,
    tie_word_embeddings: !model.shapes.has('output.weight'),
    ...specialTokens(model),
  };
}

export function gpt2(model: GgufModel): HuggingFaceModel {
  const turned = (name: string): readonly Part[] => [{ name, layout: transposed }];
  return {
    config: {
      model_type: 'gpt2',
      ...gpt2Config(model),
      activation_function: 'gelu_new',
      // The file cannot say otherwise, and no published model does.
      scale_attn_by_inverse_layer_idx: false,
      reorder_and_upcast_attn: false,
    },
    top: GPT2_TOP,
    block: {
      ...GPT2_BLOCK,
      attn_qkv: turned(GPT2_BLOCK.attn_qkv),
      attn_output: turned(GPT2_BLOCK.attn_output),
      ffn_up: turned(GPT2_BLOCK.ffn_up),
      ffn_down: turned(GPT2_BLOCK.ffn_down),
    },
    blockPrefix: GPT2_BLOCK_PREFIX,
  };
}
