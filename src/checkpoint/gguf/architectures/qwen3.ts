/** @file llama.cpp's `qwen3`: Qwen2 without biases, with norms of each head's queries and keys. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { LLAMA_BLOCK, LLAMA_BLOCK_PREFIX, LLAMA_TOP } from './llama.ts';
import { qwenConfig } from './qwen2.ts';

export function qwen3(model: GgufModel): HuggingFaceModel {
  return {
    config: { model_type: 'qwen3', ...qwenConfig(model) },
    top: LLAMA_TOP,
    block: { ...LLAMA_BLOCK, attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' },
    blockPrefix: LLAMA_BLOCK_PREFIX,
  };
}
