/** @file llama.cpp's `phi3`: Phi-3, Phi-3.5 and Phi-4. Projections are fused in Transformers too. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { rotatedSize } from '../rope.ts';
import { LLAMA_BLOCK_PREFIX, LLAMA_TOP } from './llama.ts';
import { attentionWindow, partialRope, readSizes, rotaryDecoderConfig } from './parts.ts';

export function phi3(model: GgufModel): HuggingFaceModel {
  const { metadata } = model;
  const sizes = readSizes(model);
  return {
    config: {
      model_type: 'phi3',
      ...rotaryDecoderConfig(model, sizes, partialRope(model, sizes, rotatedSize(model, sizes.headDim))),
      hidden_act: 'silu',
      rms_norm_eps: metadata.number('attention.layer_norm_rms_epsilon'),
      original_max_position_embeddings:
        metadata.optionalCount('rope.scaling.original_context_length') ?? sizes.context,
      // Phi-4 has none, which the converter writes as 0.
      sliding_window: attentionWindow(model) ?? null,
    },
    top: LLAMA_TOP,
    block: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'self_attn.qkv_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
    },
    blockPrefix: LLAMA_BLOCK_PREFIX,
  };
}
