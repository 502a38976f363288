/**
 * @file Vocabularies as llama.cpp's converter writes them into GGUF metadata, against what the models' own tokenizers make of the
 * 500 texts of test/fixtures/tokenizers.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTokenizer } from '../../../src/checkpoint/tokenizer-files.ts';
import { readForm } from '../../../src/text/forms/registry.ts';
import { loadTokenizer } from '../../../src/text/open-tokenizer.ts';
import { summaryOf } from './forms/reference-ids.ts';

const ROOT = resolve(import.meta.dirname, '../../fixtures/tokenizers');
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
const TEXTS = json('texts.json') as string[];

type Metadata = Record<string, unknown>;

/** The parts of a fixture's tokenizer, which the metadata are put together of. */
async function partsOf(name: string, modelType: string) {
  const definition = await readTokenizer(join(ROOT, name));
  if (definition?.kind !== 'vocabulary') throw new Error(`${name} has no vocabulary`);
  const { model, added_tokens: added } = readForm(definition, modelType).json;
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab as Record<string, number>)) tokens[id] = token;
  for (const { id, content } of added) tokens[id] = content;
  const types = tokens.map((_, id) => {
    const found = added.find((token) => token.id === id);
    return found === undefined ? 1 : found.special ? 3 : 4;
  });
  const merges = (model.merges as (readonly string[] | string)[] | undefined)?.map((merge) =>
    typeof merge === 'string' ? merge : merge.join(' '),
  );
  return { tokens, types, merges: merges?.filter((merge) => !merge.startsWith('#version')) };
}

const id = (tokens: readonly string[], content: string) => tokens.indexOf(content);

/** Words as the converter spells them. */
const phantom = (token: string) =>
  /^\[.*\]$/.test(token) ? token : token.startsWith('##') ? token.slice(2) : `\u2581${token}`;

const CASES: readonly [string, string, string, string, (tokens: readonly string[]) => Metadata][] = [
  ['gpt2', 'gpt2', 'gpt2', 'gpt-2', () => ({})],
  ['starcoder', 'gpt_bigcode', 'gpt2', 'starcoder', () => ({})],
  ['starcoder', 'gpt_bigcode', 'gpt2', 'refact', () => ({})],
  ['qwen2', 'qwen2', 'gpt2', 'qwen2', () => ({ add_bos_token: false })],
  [
    'roberta',
    'roberta',
    'gpt2',
    'roberta-bpe',
    (tokens) => ({
      bos_token_id: id(tokens, '<s>'),
      eos_token_id: id(tokens, '</s>'),
      seperator_token_id: id(tokens, '</s>'),
      add_bos_token: true,
      add_eos_token: true,
      add_sep_token: true,
    }),
  ],
  // As files made before the converter read what stands around a text.
  [
    'roberta',
    'roberta',
    'gpt2',
    'roberta-bpe',
    (tokens) => ({ bos_token_id: id(tokens, '<s>'), eos_token_id: id(tokens, '</s>') }),
  ],
  [
    'glm4',
    'chatglm',
    'gpt2',
    'chatglm-bpe',
    (tokens) => ({
      bos_token_id: id(tokens, '[gMASK]'),
      eos_token_id: id(tokens, '<|endoftext|>'),
      add_bos_token: false,
    }),
  ],
  ['glm4', 'chatglm', 'gpt2', 'glm4', () => ({})],
  ['bert', 'bert', 'bert', 'bert-bpe', () => ({ 'normalizer.lowercase': true })],
  ['bert-cased', 'bert', 'bert', 'bert-bpe', () => ({})],
  [
    'bert-cased',
    'bert',
    'bert',
    'bert-bpe',
    (tokens) => ({ bos_token_id: id(tokens, '[CLS]'), seperator_token_id: id(tokens, '[SEP]') }),
  ],
];

describe.each(CASES)('%s (%s) as %s, %s', (name, modelType, model, pre, more) => {
  test('every text', async () => {
    const { tokens, types, merges } = await partsOf(name, modelType);
    const own = { model, pre, tokens: model === 'bert' ? tokens.map(phantom) : tokens, token_type: types };
    const all = { ...own, ...(merges === undefined ? {} : { merges }), ...more(tokens) };
    const metadata = Object.fromEntries(
      Object.entries(all).map(([key, value]) => [`tokenizer.ggml.${key}`, value]),
    );
    const tokenizer = loadTokenizer({ kind: 'gguf', metadata, file: 'model.gguf' }, 'model.gguf');
    const { ids } = json(name, 'expected.json') as { ids: string[] };
    expect(TEXTS.filter((text, i) => summaryOf(tokenizer.encode(text)) !== ids[i])).toEqual([]);
  });
});

test('words of a vocabulary without capitals are lowered, whatever signs it has', () => {
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '▁ab', 'c', '▁ℝ'];
  const metadata = { 'tokenizer.ggml.model': 'bert', 'tokenizer.ggml.tokens': tokens };
  const tokenizer = loadTokenizer({ kind: 'gguf', metadata, file: 'm' }, 'm');
  expect(tokenizer.encode('ABC äb ℝ')).toEqual([2, 4, 5, 4, 6, 3]);
  expect(tokenizer.special).toEqual({ pad: 0, unk: 1 });
});

test('words without the tokens around a text are refused', () => {
  const metadata = { 'tokenizer.ggml.model': 'bert', 'tokenizer.ggml.tokens': ['▁ab'] };
  expect(() => loadTokenizer({ kind: 'gguf', metadata, file: 'm' }, 'm')).toThrow(
    expect.objectContaining({
      code: 'TOKENIZER_INVALID',
      message: expect.stringContaining('[CLS]') as string,
    }),
  );
});
