/** @file llama.cpp's `llama`: Llama, Mistral and whatever else is published as one of them. */
import { VultuneError } from '../../../base/errors.ts';
import type { GgufModel, HuggingFaceModel, Placement } from '../architecture.ts';
import { checkWholeHeadRotated, ropeParameters } from '../rope.ts';
import { rotaryRows } from '../tensor-layout.ts';
import { attentionWindow, type Config, readSizes, rotaryDecoderConfig, type Sizes } from './parts.ts';

export const LLAMA_TOP = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
} as const satisfies Readonly<Record<string, Placement>>;

export const LLAMA_BLOCK = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
} as const satisfies Readonly<Record<string, Placement>>;

export const LLAMA_BLOCK_PREFIX = 'model.layers.';

/** The keys of Llama, Mistral, Qwen2 and Qwen3, but for the window. */
export function llamaConfig(model: GgufModel, sizes: Sizes): Config {
  checkWholeHeadRotated(model, sizes.headDim);
  return {
    ...rotaryDecoderConfig(model, sizes, ropeParameters(model, sizes.headDim, sizes.context)),
    hidden_act: 'silu',
    rms_norm_eps: model.metadata.number('attention.layer_norm_rms_epsilon'),
    attention_bias: model.shapes.has('blk.0.attn_q.bias'),
    mlp_bias: model.shapes.has('blk.0.ffn_gate.bias'),
  };
}

export function llama(model: GgufModel): HuggingFaceModel {
  const sizes = readSizes(model);
  const window = attentionWindow(model);
  const config = llamaConfig(model, sizes);
  checkEvenHead(model, sizes.headDim);
  // The converter reorders these rows for what it calls llama; the other architectures turn Hugging Face's pairs.
  const layout = rotaryRows(sizes.headDim);
  return {
    // llama.cpp calls Mistral's models llama: the same computation but for the window.
    config: {
      model_type: window === undefined ? 'llama' : 'mistral',
      ...config,
      sliding_window: window ?? null,
    },
    top: LLAMA_TOP,
    block: {
      ...LLAMA_BLOCK,
      attn_q: [{ name: LLAMA_BLOCK.attn_q, layout }],
      attn_k: [{ name: LLAMA_BLOCK.attn_k, layout }],
    },
    blockPrefix: LLAMA_BLOCK_PREFIX,
  };
}

function checkEvenHead({ metadata, file }: GgufModel, headDim: number): void {
  if (headDim % 2 === 0) return;
  const name = metadata.key('attention.key_length');
  const message = `${file}: a head has ${headDim} dimensions, expected an even number: they are turned in pairs`;
  throw new VultuneError('GGUF_METADATA', message, { where: { file, name } });
}
