/** @file llama.cpp's `olmo2`: OLMo 2. OLMo 3 has the same name there and a window, which this family does not have. */
import { VultuneError } from '../../../base/errors.ts';
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { LLAMA_BLOCK, LLAMA_BLOCK_PREFIX, LLAMA_TOP, llamaConfig } from './llama.ts';
import { attentionWindow, readSizes } from './parts.ts';

export function olmo2(model: GgufModel): HuggingFaceModel {
  const window = attentionWindow(model);
  if (window !== undefined) throw isOlmo3(model, window);
  const { attn_norm: _before, ffn_norm: _between, ...products } = LLAMA_BLOCK;
  return {
    config: { model_type: 'olmo2', ...llamaConfig(model, readSizes(model)) },
    top: LLAMA_TOP,
    block: {
      ...products,
      attn_q_norm: 'self_attn.q_norm',
      attn_k_norm: 'self_attn.k_norm',
      post_attention_norm: 'post_attention_layernorm',
      post_ffw_norm: 'post_feedforward_layernorm',
    },
    blockPrefix: LLAMA_BLOCK_PREFIX,
  };
}

function isOlmo3({ metadata, file }: GgufModel, window: number): VultuneError {
  const message = `${file} holds an olmo2 with an attention window of ${window} tokens, which is an OLMo 3; only OLMo 2 can be read`;
  return new VultuneError('GGUF_ARCHITECTURE', message, {
    where: { file, name: metadata.key('attention.sliding_window') },
  });
}
