/** @file llama.cpp's `phi2`: Phi-1, Phi-1.5 and Phi-2, `phi` in Transformers. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { rotatedSize } from '../rope.ts';
import { LLAMA_BLOCK_PREFIX } from './llama.ts';
import { apartFromFused, partialRope, readSizes, rotaryDecoderConfig } from './parts.ts';

export function phi2(model: GgufModel): HuggingFaceModel {
  const sizes = readSizes(model);
  return {
    config: {
      model_type: 'phi',
      ...rotaryDecoderConfig(model, sizes, partialRope(model, sizes, rotatedSize(model, sizes.headDim))),
      hidden_act: 'gelu_new',
      layer_norm_eps: model.metadata.number('attention.layer_norm_epsilon'),
      qk_layernorm: false,
    },
    top: { token_embd: 'model.embed_tokens', output_norm: 'model.final_layernorm', output: 'lm_head' },
    block: {
      attn_norm: 'input_layernorm',
      attn_qkv: apartFromFused(model, sizes, 'self_attn.'),
      attn_q: 'self_attn.q_proj',
      attn_k: 'self_attn.k_proj',
      attn_v: 'self_attn.v_proj',
      attn_output: 'self_attn.dense',
      ffn_up: 'mlp.fc1',
      ffn_down: 'mlp.fc2',
    },
    blockPrefix: LLAMA_BLOCK_PREFIX,
  };
}
