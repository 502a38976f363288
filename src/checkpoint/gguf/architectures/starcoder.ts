/** @file llama.cpp's `starcoder`: GPT-BigCode (StarCoder, StarCoderBase, WizardCoder, SantaCoder). */
import { VultuneError } from '../../../base/errors.ts';
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { GPT2_BLOCK, GPT2_BLOCK_PREFIX, GPT2_TOP, gpt2Config } from './gpt2.ts';
import { readSizes, rowCount } from './parts.ts';

export function starcoder(model: GgufModel): HuggingFaceModel {
  const { heads } = readSizes(model);
  const multiQuery = isMultiQuery(model);
  return {
    config: {
      model_type: 'gpt_bigcode',
      ...gpt2Config(model),
      activation_function: 'gelu_pytorch_tanh',
      multi_query: multiQuery,
      num_key_value_heads: multiQuery ? 1 : heads,
      attention_softmax_in_fp32: true,
      scale_attention_softmax_in_fp32: true,
    },
    top: GPT2_TOP,
    block: GPT2_BLOCK,
    blockPrefix: GPT2_BLOCK_PREFIX,
  };
}

/** The converter writes one key-value head for every model, so the rows of the projection say which kind it is. */
function isMultiQuery(model: GgufModel): boolean {
  const { hidden, headDim } = readSizes(model);
  const name = 'blk.0.attn_qkv.weight';
  const rows = rowCount(model, name);
  if (rows === hidden + 2 * headDim) return true;
  if (rows === 3 * hidden) return false;
  const expected = `expected ${hidden + 2 * headDim} (one head of keys) or ${3 * hidden}`;
  throw new VultuneError('GGUF_TENSOR_SHAPE', `${model.file}: "${name}" has ${rows} rows, ${expected}`, {
    where: { file: model.file, name },
  });
}
