/** @file llama.cpp's `qwen2`: Llama with biases on queries, keys and values. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { LLAMA_BLOCK, LLAMA_BLOCK_PREFIX, LLAMA_TOP, llamaConfig } from './llama.ts';
import { attentionWindow, type Config, readSizes } from './parts.ts';

export function qwen2(model: GgufModel): HuggingFaceModel {
  return {
    config: { model_type: 'qwen2', ...qwenConfig(model) },
    top: LLAMA_TOP,
    block: LLAMA_BLOCK,
    blockPrefix: LLAMA_BLOCK_PREFIX,
  };
}

/** What Qwen2 and Qwen3 share. */
export function qwenConfig(model: GgufModel): Config {
  const window = attentionWindow(model);
  return {
    ...llamaConfig(model, readSizes(model)),
    sliding_window: window ?? null,
    use_sliding_window: window !== undefined,
  };
}
