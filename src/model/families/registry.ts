/** @file Every family by its `model_type`: one line each. */
import { VultuneError } from '../../base/errors.ts';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import type { TensorView } from '../../checkpoint/tensor-view.ts';
import type { Model } from '../spec.ts';
import { bert } from './bert.ts';
import { chatglm } from './chatglm.ts';
import { codegen } from './codegen.ts';
import { ConfigReader } from './config-reader.ts';
import { gemma3 } from './gemma3.ts';
import { glm } from './glm.ts';
import { gptBigCode } from './gpt-bigcode.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { modernbert } from './modernbert.ts';
import { olmo2 } from './olmo2.ts';
import { phi } from './phi.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { roberta } from './roberta.ts';
import { stableLm } from './stablelm.ts';
import { starcoder2 } from './starcoder2.ts';
import { withBasePrefix } from './stored-names.ts';

export interface Family {
  /** The model that a config.json of this type describes. */
  readonly model: (config: ConfigReader) => Model;
  /** Default: under the names of the specification, or without the first part of them ({@link withBasePrefix}). */
  readonly storedNames?: (stored: Checkpoint, model: Model) => ReadonlyMap<string, TensorView>;
  /** What the names of Transformers' classes of it begin with: `Llama` of `LlamaModel`. Undefined: it has none. */
  readonly transformersClass: string | undefined;
  /** Models that are published as this type, by the names that papers use. */
  readonly published: readonly string[];
  /** What their tokenizers are. */
  readonly tokenizers: readonly TokenizerKind[];
}

export type TokenizerKind = 'byte-level BPE' | 'SentencePiece' | 'tiktoken' | 'WordPiece';

export const FAMILIES: Readonly<Record<string, Family>> = {
  bert: { model: bert, transformersClass: 'Bert', published: ['BERT'], tokenizers: ['WordPiece'] },
  chatglm: {
    model: chatglm,
    transformersClass: undefined,
    published: ['CodeGeeX4', 'GLM-4 (its own code)', 'ChatGLM3'],
    tokenizers: ['tiktoken', 'SentencePiece'],
  },
  codegen: {
    model: codegen,
    transformersClass: 'CodeGen',
    published: ['CodeGen', 'CodeGen2'],
    tokenizers: ['byte-level BPE'],
  },
  gemma3_text: {
    model: gemma3,
    transformersClass: 'Gemma3Text',
    published: ['Gemma 3 (text)'],
    tokenizers: ['SentencePiece'],
  },
  glm: {
    model: glm,
    transformersClass: 'Glm',
    published: ['GLM-4', 'CodeGeeX4 (converted)'],
    tokenizers: ['byte-level BPE'],
  },
  gpt2: {
    model: gpt2,
    transformersClass: 'GPT2',
    published: ['GPT-2', 'CodeGPT'],
    tokenizers: ['byte-level BPE'],
  },
  gpt_bigcode: {
    model: gptBigCode,
    transformersClass: 'GPTBigCode',
    published: ['SantaCoder', 'StarCoder', 'StarCoderBase', 'WizardCoder 1B, 3B, 15B'],
    tokenizers: ['byte-level BPE'],
  },
  llama: {
    model: llama,
    transformersClass: 'Llama',
    published: ['Llama', 'CodeLlama', 'DeepSeek-Coder', 'WizardCoder 7B, 13B, 34B', 'CodeGen2.5', 'SmolLM2'],
    tokenizers: ['SentencePiece', 'byte-level BPE'],
  },
  mistral: {
    model: mistral,
    transformersClass: 'Mistral',
    published: ['Mistral', 'Codestral'],
    tokenizers: ['SentencePiece', 'byte-level BPE'],
  },
  modernbert: {
    model: modernbert,
    transformersClass: 'ModernBert',
    published: ['ModernBERT'],
    tokenizers: ['byte-level BPE'],
  },
  olmo2: { model: olmo2, transformersClass: 'Olmo2', published: ['OLMo 2'], tokenizers: ['byte-level BPE'] },
  phi: {
    model: phi,
    transformersClass: 'Phi',
    published: ['Phi-1', 'Phi-1.5', 'Phi-2'],
    tokenizers: ['byte-level BPE'],
  },
  qwen2: {
    model: qwen2,
    transformersClass: 'Qwen2',
    published: ['Qwen2', 'Qwen2.5-Coder', 'CodeQwen1.5'],
    tokenizers: ['byte-level BPE'],
  },
  qwen3: { model: qwen3, transformersClass: 'Qwen3', published: ['Qwen3'], tokenizers: ['byte-level BPE'] },
  roberta: {
    model: roberta,
    transformersClass: 'Roberta',
    published: ['RoBERTa', 'CodeBERT', 'GraphCodeBERT', 'UniXcoder', 'ContraBERT', 'LineVul'],
    tokenizers: ['byte-level BPE'],
  },
  stablelm: {
    model: stableLm,
    transformersClass: 'StableLm',
    published: ['StableLM 3B', 'StableLM 2 1.6B', 'Stable Code 3B'],
    tokenizers: ['byte-level BPE'],
  },
  starcoder2: {
    model: starcoder2,
    transformersClass: 'Starcoder2',
    published: ['StarCoder2'],
    tokenizers: ['byte-level BPE'],
  },
};

export const FAMILY_NAMES: readonly string[] = Object.keys(FAMILIES);

/**
 * The model that a checkpoint's config.json describes. `tensorCount`: of the checkpoint, which bounds the layers.
 * Throws MODEL_ARCHITECTURE_UNKNOWN, MODEL_CONFIG_FIELD or MODEL_FEATURE_UNSUPPORTED.
 */
export function readModel(
  config: Readonly<Record<string, unknown>>,
  file: string,
  tensorCount?: number,
): Model {
  const reader = new ConfigReader(config, file, tensorCount);
  const type = reader.text('model_type');
  const family = Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (family === undefined) {
    throw new VultuneError(
      'MODEL_ARCHITECTURE_UNKNOWN',
      `the model is of type "${type}", which is not supported`,
      {
        where: { file, name: 'model_type' },
        hint: `Supported: ${FAMILY_NAMES.join(', ')}.`,
      },
    );
  }
  return family.model(reader);
}

/**
 * Where each tensor of the model is stored, by its name in the specification: files of one family are published under several
 * schemes of names.
 */
export const storedNames = (stored: Checkpoint, model: Model): ReadonlyMap<string, TensorView> =>
  (FAMILIES[model.family]?.storedNames ?? withBasePrefix)(stored, model);
