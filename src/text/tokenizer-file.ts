/** @file Any tokenizer as the two files that Hugging Face's libraries read: tokenizer.json and tokenizer_config.json. */
import type { TokenizerDefinition } from '../checkpoint/checkpoint.ts';
import { tokenizerParts } from './open-tokenizer.ts';

export interface TokenizerFiles {
  /** tokenizer.json */
  readonly json: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json */
  readonly config: Readonly<Record<string, unknown>>;
}

/** As they are where there is a tokenizer.json, else made of the vocabulary. Throws as `loadTokenizer`. */
export function tokenizerFiles(definition: TokenizerDefinition, modelType?: unknown): TokenizerFiles {
  if (definition.kind === 'huggingface') {
    const { json, config } = definition;
    return { json: json as TokenizerFiles['json'], config: (config ?? {}) as TokenizerFiles['config'] };
  }
  const { json, config } = tokenizerParts(definition, modelType);
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      ...json,
      added_tokens: json.added_tokens.map(({ singleWord, ...token }) => ({
        ...token,
        single_word: singleWord,
      })),
    },
    // By this class Transformers takes tokenizer.json as it is.
    config: { ...config, tokenizer_class: 'PreTrainedTokenizerFast' },
  };
}
