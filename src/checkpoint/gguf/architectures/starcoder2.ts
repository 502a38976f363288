/** @file llama.cpp's `starcoder2`. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { checkWholeHeadRotated, ropeParameters } from '../rope.ts';
import { LLAMA_BLOCK_PREFIX, LLAMA_TOP } from './llama.ts';
import { attentionWindow, readSizes, rotaryDecoderConfig } from './parts.ts';

/** Tokens that the published models see back, which the converter does not write. */
const PUBLISHED_WINDOW = 4096;

export function starcoder2(model: GgufModel): HuggingFaceModel {
  const sizes = readSizes(model);
  checkWholeHeadRotated(model, sizes.headDim);
  const window = attentionWindow(model);
  const rope = ropeParameters(model, sizes.headDim, sizes.context);
  const unsaid = window === undefined && sizes.context > PUBLISHED_WINDOW;
  return {
    config: {
      model_type: 'starcoder2',
      ...rotaryDecoderConfig(model, sizes, rope),
      hidden_act: 'gelu_pytorch_tanh',
      norm_epsilon: model.metadata.number('attention.layer_norm_epsilon'),
      use_bias: model.shapes.has('blk.0.attn_q.bias'),
      sliding_window: window ?? null,
    },
    top: LLAMA_TOP,
    block: {
      attn_norm: 'input_layernorm',
      attn_q: 'self_attn.q_proj',
      attn_k: 'self_attn.k_proj',
      attn_v: 'self_attn.v_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    blockPrefix: LLAMA_BLOCK_PREFIX,
    notes: unsaid
      ? [
          `the file names no attention window, so every token sees all before it; ` +
            `the published StarCoder2 models see ${PUBLISHED_WINDOW} tokens back`,
        ]
      : [],
  };
}
