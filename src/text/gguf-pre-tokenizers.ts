/**
 * @file How the tokenizers that GGUF files name in `tokenizer.ggml.pre` cut text: each as the model's own tokenizer.json
 * does. Names as llama.cpp gives them; a name that is not here is refused, as another cut gives other tokens.
 */
import type { Component } from './component.ts';
import {
  DEEPSEEK_CODER_PATTERNS,
  GPT4_PATTERN,
  GPT4O_PATTERN,
  QWEN2_PATTERN,
  TEKKEN_PATTERN,
} from './pattern/known-patterns.ts';

export interface GgufPreTokenizer {
  readonly preTokenizer: Component;
  readonly normalizer: Component | null;
  /** A piece that is in the vocabulary is one token, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Where the file does not say. */
  readonly addBos: boolean;
  readonly addEos: boolean;
  /** Tokens that the model's own tokenizer puts before every text, and llama.cpp leaves to the prompt. */
  readonly prefix: readonly string[];
  /** Tokens that take the white space before them along, which no key of the metadata says. */
  readonly lstrip: readonly string[];
}

const split = (Regex: string): Component => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated' });
const DIGITS: Component = { type: 'Digits', individual_digits: true };
const GPT2: Component = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
const BYTES: Component = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };

const cut = (parts: readonly Component[], more: Partial<GgufPreTokenizer> = {}): GgufPreTokenizer => ({
  preTokenizer: { type: 'Sequence', pretokenizers: parts },
  normalizer: null,
  ignoreMerges: false,
  addBos: false,
  addEos: false,
  prefix: [],
  lstrip: [],
  ...more,
});

const gpt2 = cut([GPT2]);
const digitsThenGpt2 = cut([DIGITS, GPT2]);
const llama3 = cut([split(GPT4_PATTERN), BYTES], { ignoreMerges: true, addBos: true });
const qwen2 = cut([split(QWEN2_PATTERN), BYTES], { normalizer: { type: 'NFC' } });
const cl100k = cut([split(GPT4_PATTERN), BYTES]);
const glm4 = cut([split(GPT4_PATTERN), BYTES], { ignoreMerges: true, prefix: ['[gMASK]', '<sop>'] });
const gpt4o = cut([split(GPT4O_PATTERN), BYTES]);

export const GGUF_PRE_TOKENIZERS: Readonly<Record<string, GgufPreTokenizer>> = {
  default: gpt2,
  'gpt-2': gpt2,
  'phi-2': gpt2,
  mpt: gpt2,
  'roberta-bpe': cut([GPT2], { addBos: true, addEos: true, lstrip: ['<mask>'] }),
  olmo: gpt2,
  smollm: digitsThenGpt2,
  starcoder: digitsThenGpt2,
  refact: digitsThenGpt2,
  codeshell: digitsThenGpt2,
  'llama-bpe': llama3,
  llama3,
  'llama-v3': llama3,
  falcon3: llama3,
  dbrx: cl100k,
  'smaug-bpe': cl100k,
  'chatglm-bpe': glm4,
  glm4,
  qwen2,
  'deepseek-r1-qwen': { ...qwen2, normalizer: null },
  tekken: cut([split(TEKKEN_PATTERN), BYTES], { ignoreMerges: true, addBos: true }),
  'gpt-4o': gpt4o,
  'deepseek-coder': cut([...DEEPSEEK_CODER_PATTERNS.map(split), DIGITS, BYTES]),
};
