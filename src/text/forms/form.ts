/** @file What reads one form of vocabulary: its files become what a tokenizer.json holds. Shapes only. */
import type { TokenizerDefinition } from '../../checkpoint/checkpoint.ts';
import type { TokenizerJson } from '../tokenizer-json.ts';
import type { SettledConfig } from './special-tokens.ts';
import type { TokenizerClass } from './tokenizer-class.ts';

export type VocabularyDefinition = Extract<TokenizerDefinition, { kind: 'vocabulary' }>;

export interface ReadForm {
  readonly json: TokenizerJson;
  /** tokenizer_config.json as the class completes it. */
  readonly config: SettledConfig;
}

/** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
export type FormReader = (definition: VocabularyDefinition, tokenizerClass: TokenizerClass) => ReadForm;
