import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/text/open-tokenizer.ts';
import { tokenizerFiles } from '../../../src/text/tokenizer-file.ts';
import { byteLevelJson, sentencePieceMetadata } from './small-tokenizer.ts';

type Json = Record<string, unknown>;

/** The small byte-level tokenizer as a GGUF file carries it. */
function byteLevelMetadata(more: Json = {}): Json {
  const { model } = byteLevelJson() as { model: { vocab: Record<string, number>; merges: string[] } };
  // Not Object.keys: digits would come first.
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  return {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map((token) => (token.startsWith('<|') ? 3 : 1)),
    'tokenizer.ggml.merges': model.merges,
    'tokenizer.ggml.bos_token_id': 266,
    'tokenizer.ggml.eos_token_id': 0,
    ...more,
  };
}

function open(metadata: Json) {
  const tokenizer = loadTokenizer({ kind: 'gguf', metadata, file: 'model.gguf' }, 'model.gguf');
  const names = metadata['tokenizer.ggml.tokens'] as string[];
  const tokens = (text: string) => tokenizer.encode(text).map((id) => names[id]);
  return Object.assign(tokenizer, { tokens });
}

/** The tokenizer.json that is made of it, read as any other; some fields the tokenizers library wants said. */
function written(metadata: Json) {
  const definition = { kind: 'gguf', metadata, file: 'model.gguf' } as const;
  const { json, config } = tokenizerFiles(definition, 'llama');
  // As it comes out of a file.
  const again = JSON.parse(JSON.stringify({ json, config }));
  return { ...again, tokenizer: loadTokenizer({ kind: 'huggingface', ...again, file: 'f' }, 'f') };
}

test.each([
  ['gpt2', {}],
  ['llama-bpe', { 'tokenizer.ggml.pre': 'llama-bpe' }],
  ['roberta-bpe', { 'tokenizer.ggml.pre': 'roberta-bpe' }],
])('a tokenizer.json of %s gives the same ids', (_name, more) => {
  const metadata = byteLevelMetadata(more);
  const { json, config, tokenizer } = written(metadata);
  const text = 'int x1 = return;\n\n    <|end|> é🚀';
  expect(tokenizer.encode(text)).toEqual(open(metadata).encode(text));
  expect(config).not.toHaveProperty('add_bos_token');
  const split = json.pre_tokenizer.pretokenizers.find(({ type }: { type: string }) => type === 'Split');
  if (split !== undefined) expect(split.invert).toBe(false);
  const processor = json.post_processor;
  if (processor !== null) expect(JSON.stringify(processor.pair)).toContain('"id":"B"');
});

test('a tokenizer.json of SentencePiece gives the same ids', () => {
  const metadata = sentencePieceMetadata();
  const text = ' int  x(é);\n';
  expect(written(metadata).tokenizer.encode(text)).toEqual(open(metadata).encode(text));
});

describe('byte level', () => {
  test('is the tokenizer it was made from', () => {
    const json = byteLevelJson();
    const original = loadTokenizer({ kind: 'huggingface', json, config: undefined, file: 'f' }, 'f');
    const text = 'int x1 = return;\n\n    <|end|> é🚀';
    expect(open(byteLevelMetadata()).encode(text)).toEqual(original.encode(text));
    expect(open(byteLevelMetadata()).special).toEqual({ bos: 266, eos: 0 });
  });

  test.each<[string, string[]]>([
    ['gpt-2', ['x', 'Ġ', 'Ġ', '1', '2', "'", 'S', 'x', ';', 'Ċ', 'Ċ']],
    ['smollm', ['x', 'ĠĠ', '1', '2', "'", 'S', 'x', ';', 'Ċ', 'Ċ']],
    ['qwen2', ['x', 'Ġ', 'Ġ', '1', '2', "'", 'S', 'x', ';', 'Ċ', 'Ċ']],
    ['llama-bpe', ['<|start|>', 'x', 'Ġ', 'Ġ', '1', '2', "'", 'S', 'x', ';', 'Ċ', 'Ċ']],
    ['deepseek-coder', ['x', 'ĠĠ', '1', '2', "'", 'S', 'x', ';', 'Ċ', 'Ċ']],
  ])('%s cuts text its own way', (pre, tokens) => {
    expect(open(byteLevelMetadata({ 'tokenizer.ggml.pre': pre })).tokens("x  12'Sx;\n\n")).toEqual(tokens);
  });

  test('qwen2 composes characters', () => {
    const qwen2 = open(byteLevelMetadata({ 'tokenizer.ggml.pre': 'qwen2' }));
    expect(qwen2.encode('e\u0301')).toEqual(qwen2.encode('é'));
  });

  test('the file says whether a text begins with the first token', () => {
    const add = (value: boolean) =>
      open(byteLevelMetadata({ 'tokenizer.ggml.pre': 'llama-bpe', 'tokenizer.ggml.add_bos_token': value }));
    expect(add(true).tokens('x')).toEqual(['<|start|>', 'x']);
    expect(add(false).tokens('x')).toEqual(['x']);
  });

  test('user-defined tokens are whole too, but not special; plain spelling is understood', () => {
    const tokens = [...(byteLevelMetadata()['tokenizer.ggml.tokens'] as string[]), '<think>', '日'];
    const types = tokens.map((token) => (token === '<think>' ? 4 : 1));
    const merges = ['æ Ĺ', 'æĹ ¥'];
    const tokenizer = open(
      byteLevelMetadata({
        'tokenizer.ggml.tokens': [...tokens, 'æĹ'],
        'tokenizer.ggml.token_type': [...types, 1],
        'tokenizer.ggml.merges': merges,
      }),
    );
    const ids = tokenizer.encode('x<think>日');
    expect(ids.slice(1)).toEqual([267, 268]);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe('x<think>日');
  });
});

describe('SentencePiece', () => {
  const llama = open(sentencePieceMetadata());

  test.each<[string, string[]]>([
    // "▁in" has a better score than "int".
    ['int', ['<s>', '▁in', 't']],
    [' int', ['<s>', '▁', '▁in', 't']],
    ['xint', ['<s>', '▁', 'x', 'int']],
    ['é', ['<s>', '▁', '<0xC3>', '<0xA9>']],
    ['', ['<s>']],
    ['x<unk>x', ['<s>', '▁', 'x', '<unk>', '▁', 'x']],
    ['x</s>x', ['<s>', '▁', 'x', '</s>', '▁', 'x']],
  ])('%j', (text, tokens) => {
    expect(llama.tokens(text)).toEqual(tokens);
  });

  test('decodes to what was encoded', () => {
    for (const text of ['int x', ' int', 'é🚀\n']) {
      expect(llama.decode(llama.encode(text), { skipSpecialTokens: true })).toBe(text);
    }
  });

  test('without a blank before the text, without the first token', () => {
    const bare = open(
      sentencePieceMetadata({
        'tokenizer.ggml.add_space_prefix': false,
        'tokenizer.ggml.add_bos_token': false,
        'tokenizer.ggml.add_eos_token': true,
      }),
    );
    expect(bare.tokens('xint')).toEqual(['x', 'int', '</s>']);
  });

  test('a megabyte in one piece', () => {
    expect(llama.encode(' int'.repeat(2 ** 18))).toHaveLength(2 ** 19 + 2);
  });
});

const types = (type: number) => Array.from({ length: 267 }, () => type);

describe('refused', () => {
  test.each<[string, Json, string, string]>([
    [
      'an unknown model',
      { 'tokenizer.ggml.model': 'rwkv' },
      'TOKENIZER_UNSUPPORTED',
      '"rwkv"; known are gpt2, llama, bert',
    ],
    ['no model', { 'tokenizer.ggml.model': undefined }, 'TOKENIZER_UNSUPPORTED', 'is missing'],
    [
      'an unknown cut',
      { 'tokenizer.ggml.pre': 'martian' },
      'TOKENIZER_UNSUPPORTED',
      '"martian"; known are default',
    ],
    [
      'no merges',
      { 'tokenizer.ggml.merges': undefined },
      'TOKENIZER_INVALID',
      'merges is not a list of strings',
    ],
    ['an unknown type of token', { 'tokenizer.ggml.token_type': types(9) }, 'TOKENIZER_UNSUPPORTED', 'is 9'],
    [
      'a switch that is text',
      { 'tokenizer.ggml.add_bos_token': 'yes' },
      'TOKENIZER_INVALID',
      'true or false',
    ],
    [
      'a first token out of bounds',
      { 'tokenizer.ggml.bos_token_id': 5000 },
      'TOKENIZER_INVALID',
      '267 tokens',
    ],
    ['a last token of text', { 'tokenizer.ggml.eos_token_id': '0' }, 'TOKENIZER_INVALID', '267 tokens'],
    [
      'blanks that are taken away',
      { 'tokenizer.ggml.remove_extra_whitespaces': true },
      'TOKENIZER_UNSUPPORTED',
      'known are false',
    ],
    ['an inherited name', { 'tokenizer.ggml.pre': 'constructor' }, 'TOKENIZER_UNSUPPORTED', 'constructor'],
    [
      'types of other tokens',
      { 'tokenizer.ggml.token_type': [1] },
      'TOKENIZER_INVALID',
      'a list of 267 numbers',
    ],
  ])('%s', (_, more, code, message) => {
    expect(() => open(byteLevelMetadata(more))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
