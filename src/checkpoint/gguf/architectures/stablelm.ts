/** @file llama.cpp's `stablelm`: StableLM, StableLM 2 1.6B and Stable Code 3B. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { rotatedSize } from '../rope.ts';
import { LLAMA_BLOCK, LLAMA_BLOCK_PREFIX, LLAMA_TOP } from './llama.ts';
import { partialRope, readSizes, rotaryDecoderConfig } from './parts.ts';

export function stableLm(model: GgufModel): HuggingFaceModel {
  const { metadata, shapes } = model;
  const sizes = readSizes(model);
  return {
    config: {
      model_type: 'stablelm',
      ...rotaryDecoderConfig(model, sizes, partialRope(model, sizes, rotatedSize(model, sizes.headDim))),
      hidden_act: 'silu',
      layer_norm_eps: metadata.number('attention.layer_norm_epsilon'),
      use_qkv_bias: shapes.has('blk.0.attn_q.bias'),
      // As llama.cpp decides it: the converter writes use_parallel_residual as true where a config.json does not have it.
      use_parallel_residual: !shapes.has('blk.0.ffn_norm.weight'),
      qk_layernorm: false,
    },
    top: LLAMA_TOP,
    block: LLAMA_BLOCK,
    blockPrefix: LLAMA_BLOCK_PREFIX,
    notes:
      metadata.optionalNumber('rope.freq_base') === undefined
        ? [
            'the file names no base of the rotary frequencies, so it is taken to be 10000; ' +
              "llama.cpp's converter leaves a StableLM's base out whatever it is",
          ]
        : [],
  };
}
