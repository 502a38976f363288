/**
 * @file Which of Transformers' classes a vocabulary is for: tokenizer_config.json names it, or the family of the model it
 * lies beside does. Knows names only.
 */
import { unsupported } from '../component.ts';

/** Classes that stand for whatever tokenizer.json says, and so for nothing where there is none. */
const GENERIC = ['PreTrainedTokenizer', 'TokenizersBackend'];

/** By model_type, as Transformers' AutoTokenizer chooses. */
const CLASS_OF_MODEL: Readonly<Record<string, string>> = {
  gpt2: 'GPT2Tokenizer',
  gpt_bigcode: 'GPT2Tokenizer',
  starcoder2: 'GPT2Tokenizer',
  phi: 'GPT2Tokenizer',
  codegen: 'CodeGenTokenizer',
  qwen2: 'Qwen2Tokenizer',
  qwen3: 'Qwen2Tokenizer',
  roberta: 'RobertaTokenizer',
  bert: 'BertTokenizer',
  llama: 'LlamaTokenizer',
  mistral: 'LlamaTokenizer',
  gemma: 'GemmaTokenizer',
  gemma2: 'GemmaTokenizer',
  gemma3: 'GemmaTokenizer',
  gemma3_text: 'GemmaTokenizer',
  t5: 'T5Tokenizer',
  chatglm: 'ChatGLM4Tokenizer',
  glm: 'ChatGLM4Tokenizer',
};

export interface TokenizerClass {
  readonly name: string;
  /** model_type of the model, where it is known. */
  readonly modelType: string | undefined;
}

/** @throws VultuneError TOKENIZER_UNSUPPORTED where neither the configuration nor the model says which. */
export function tokenizerClass(
  named: string | null | undefined,
  modelType: string | undefined,
  file: string,
): TokenizerClass {
  // Those that once were another implementation of the same.
  const plain = named?.replace(/Fast$/, '');
  if (plain !== undefined && !GENERIC.includes(plain)) return { name: plain, modelType };
  const name =
    modelType !== undefined && Object.hasOwn(CLASS_OF_MODEL, modelType)
      ? CLASS_OF_MODEL[modelType]
      : undefined;
  if (name !== undefined) return { name, modelType };
  throw unsupported(
    { file, name: 'tokenizer_class' },
    `is not in tokenizer_config.json, and the vocabulary alone does not say how it is used (model_type ${modelType ?? 'unknown'})`,
  );
}
