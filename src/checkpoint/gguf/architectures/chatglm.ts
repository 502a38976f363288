/**
 * @file llama.cpp's `chatglm` (ChatGLM, GLM-4-9B, CodeGeeX4) in the words of Transformers' own `glm`.
 * Its converter takes ChatGLM's checkpoints (queries, keys and values fused) and `glm`'s (apart).
 */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { rotatedSize } from '../rope.ts';
import { LLAMA_BLOCK_PREFIX, LLAMA_TOP } from './llama.ts';
import { apartFromFused, partialRope, readSizes, rotaryDecoderConfig } from './parts.ts';

/** What the converter writes where a configuration has no `layernorm_epsilon`: every one of Transformers' `glm`. */
const CONVERTERS_EPSILON = 1e-5;
/** The value of every published GLM-4-9B and CodeGeeX4, and the default of Transformers' `glm`. */
const GLM4_EPSILON = 1.5625e-7;

export function chatglm(model: GgufModel): HuggingFaceModel {
  const sizes = readSizes(model);
  const rotated = rotatedSize(model, sizes.headDim);
  const biased = model.shapes.has('blk.0.attn_q.bias') || model.shapes.has('blk.0.attn_qkv.bias');
  const stored = model.metadata.number('attention.layer_norm_rms_epsilon');
  // ChatGLM's own checkpoints say their epsilon (ChatGLM3's is 1e-5); GLM-Edge, also 1e-5, has no biases.
  const isFromGlm = model.shapes.has('blk.0.attn_q.weight');
  const isConvertersEpsilon =
    isFromGlm && biased && 2 * rotated === sizes.headDim && stored === CONVERTERS_EPSILON;
  const notes: string[] = [];
  if (isConvertersEpsilon) {
    notes.push(
      `the file's norm epsilon ${CONVERTERS_EPSILON} is llama.cpp's default, written because the converter does not ` +
        `read this model's own; ${GLM4_EPSILON} is used, as GLM-4's configuration has it`,
    );
  }
  if (isFromGlm && sizes.context === sizes.hidden) {
    notes.push(
      `the file's context length of ${sizes.context} tokens is the model's hidden size, ` +
        `which the converter writes where it finds no other: the model itself may read more`,
    );
  }
  return {
    config: {
      model_type: 'glm',
      ...rotaryDecoderConfig(model, sizes, partialRope(model, sizes, rotated)),
      hidden_act: 'silu',
      rms_norm_eps: isConvertersEpsilon ? GLM4_EPSILON : stored,
      attention_bias: biased,
    },
    top: LLAMA_TOP,
    block: {
      attn_norm: 'input_layernorm',
      attn_qkv: apartFromFused(model, sizes, 'self_attn.'),
      attn_q: 'self_attn.q_proj',
      attn_k: 'self_attn.k_proj',
      attn_v: 'self_attn.v_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      // Gate and up in one matrix, the gate first, in both.
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
    },
    blockPrefix: LLAMA_BLOCK_PREFIX,
    notes,
  };
}
