import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeFunctions, encodeWhole } from '../../../src/network/encode-functions.ts';
import { openTokenizer } from '../../../src/text/open-tokenizer.ts';
import type { SpecialTokens, Tokenizer } from '../../../src/text/tokenizer.ts';
import { makeModel, tinyConfig } from '../../support/tiny-model.ts';

/** One token a character: its code, so that what becomes of a text can be read off. */
const letters = (special: SpecialTokens = {}): Tokenizer => ({
  vocabSize: 128,
  special,
  fingerprint: 'letters',
  encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
});

const model = (vocabulary = 128, special: SpecialTokens = {}, config: object = {}) => ({
  tokenizer: letters(special),
  spec: makeModel(tinyConfig({ vocab_size: vocabulary, ...config })).model,
  path: 'models/tiny',
});

const text = (encoded: ReturnType<typeof encodeFunctions>) =>
  encoded.map((one) => (one === undefined ? undefined : String.fromCharCode(...one.ids)));

const codes = ['abc', 'abcdefgh', ''];

test('as they are where they fit; cut, or dropped, where they do not', () => {
  const encoded = (longFunctions: 'truncate' | 'head_tail' | 'drop') =>
    encodeFunctions(model(128, { eos: 90 }), codes, { maxLength: 4, longFunctions, pooling: 'last' });
  expect(text(encoded('truncate'))).toEqual(['abc', 'abcd', 'Z']);
  expect(text(encoded('head_tail'))).toEqual(['abc', 'abgh', 'Z']);
  expect(text(encoded('drop'))).toEqual(['abc', undefined, 'Z']);
  expect(encoded('truncate').map((one) => one!.truncated)).toEqual([false, true, false]);
});

test.each<[string, SpecialTokens, number]>([
  ['end of text', { eos: 1, bos: 2, pad: 3 }, 1],
  ['beginning', { bos: 2, pad: 3 }, 2],
  ['padding', { pad: 3 }, 3],
  ['the first token', {}, 0],
])('an empty function becomes one token: %s', (_what, special, id) => {
  const options = { maxLength: 8, longFunctions: 'drop', pooling: 'last' } as const;
  expect(encodeFunctions(model(128, special), [''], options)).toEqual([{ ids: [id], truncated: false }]);
});

test('whole functions are read past the positions that a model has: max_length: auto chooses among them', () => {
  const { tokenizer, spec, path } = model();
  const limited = { tokenizer, spec: { ...spec, positionLimit: 4 }, path };
  expect(encodeWhole(limited, ['abcdefgh'], 'last')).toEqual([
    Array.from('abcdefgh', (c) => c.charCodeAt(0)),
  ]);
  const options = { maxLength: 8, longFunctions: 'truncate', pooling: 'last' } as const;
  expect(() => encodeFunctions(limited, ['ab'], options)).toThrow(
    expect.objectContaining({ code: 'MAX_LENGTH_TOO_LARGE' }),
  );
});

test('a tokenizer of another model is noticed, also where the token would be cut off', () => {
  const options = { maxLength: 1, longFunctions: 'truncate', pooling: 'last' } as const;
  expect(() => encodeFunctions(model(98), ['ab'], options)).toThrow(
    expect.objectContaining({ code: 'TOKENIZER_MISMATCH', where: { file: 'models/tiny' } }),
  );
  expect(encodeFunctions(model(99), ['ab'], options)).toHaveLength(1);
});

// 'Z' is 90, which the model's configuration calls padding.
test.each<[string, string, string]>([
  ['a text that ends with it', 'abZZ', 'ab'],
  ['a text with it inside', 'aZb', 'aZb'],
  ['a text of nothing else, as the largest of zeros is the first', 'ZZZ', 'Z'],
  ['a text that is cut at it', 'abcZefgh', 'abc'],
])('ids end with the last token that is not padding: %s', (_what, code, expected) => {
  const options = { maxLength: 4, longFunctions: 'truncate', pooling: 'last' } as const;
  const padded = model(128, {}, { pad_token_id: 90 });
  expect(text(encodeFunctions(padded, [code], options))).toEqual([expected]);
});

test.each<[string, object, 'last' | 'mean']>([
  ['without a padding token', {}, 'last'],
  ['with the -1 of older models, which is not a token', { pad_token_id: -1 }, 'last'],
  ['where all tokens are pooled', { pad_token_id: 90 }, 'mean'],
])('ids are whole %s', (_what, config, pooling) => {
  const options = { maxLength: 8, longFunctions: 'truncate', pooling } as const;
  expect(text(encodeFunctions(model(128, {}, config), ['abZZ'], options))).toEqual(['abZZ']);
});

test.each([
  ['truncate', 'abcdef', '<abc>'],
  ['head_tail', 'abcdef', '<abf>'],
  ['truncate', 'abc', '<abc>'],
] as const)('%s keeps what the tokenizer puts behind every text: %s', (longFunctions, code, expected) => {
  const around = model();
  const tokenizer: Tokenizer = {
    ...around.tokenizer,
    encode: (given, { addSpecialTokens = true } = {}) =>
      around.tokenizer.encode(addSpecialTokens ? `<${given}>` : given),
  };
  const options = { maxLength: 5, longFunctions, pooling: 'last' } as const;
  expect(text(encodeFunctions({ ...around, tokenizer }, [code], options))).toEqual([expected]);
});

const ROOT = resolve(import.meta.dirname, '../../fixtures/tokenizers');
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
interface Expected {
  readonly model_type?: string;
  readonly truncated?: readonly number[];
}
const REFERENCES = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => [name, json(name, 'expected.json') as Expected] as const)
  .filter(([, { truncated }]) => truncated !== undefined);

test('tokenizers with and without tokens at the end have a reference', () => {
  expect(REFERENCES.map(([name]) => name)).toEqual(
    expect.arrayContaining(['bert', 'codegen', 'gpt2', 'roberta', 't5']),
  );
});

test.each(REFERENCES)(
  "%s: a long function is cut as Transformers' truncation cuts it",
  async (name, expected) => {
    const tokenizer = (await openTokenizer(join(ROOT, name), expected.model_type))!;
    const code = (json('texts.json') as string[]).find((one) => one.startsWith('\nstatic int copy_name'))!;
    const options = {
      maxLength: expected.truncated!.length,
      longFunctions: 'truncate',
      pooling: 'mean',
    } as const;
    const [encoded] = encodeFunctions({ ...model(2048), tokenizer }, [code], options);
    expect(encoded).toEqual({ ids: expected.truncated, truncated: true });
  },
);

describe('more tokens than the model has positions for are refused before anything is encoded', () => {
  const gpt2 = { model_type: 'gpt2', n_embd: 16, n_head: 4, n_layer: 2, n_positions: 32 };
  const longrope = {
    rope_type: 'longrope',
    short_factor: [1, 1],
    long_factor: [2, 2],
    original_max_position_embeddings: 32,
  };
  test.each<[string, object, string]>([
    ['learned positions', gpt2, 'learned an embedding'],
    ['longrope', { rope_parameters: longrope }, 'longrope'],
    ['dynamic', { max_position_embeddings: 32, rope_parameters: { rope_type: 'dynamic' } }, 'dynamic'],
    ['a table of sines', { ...gpt2, model_type: 'codegen', rotary_dim: 4 }, 'n_positions'],
  ])('%s', (_what, config, reason) => {
    const limited = model(128, {}, config);
    const encode = (maxLength: number) => () =>
      encodeFunctions(limited, [], { maxLength, longFunctions: 'truncate', pooling: 'last' });
    expect(encode(32)).not.toThrow();
    expect(encode(33)).toThrow(
      expect.objectContaining({
        code: 'MAX_LENGTH_TOO_LARGE',
        message: expect.stringMatching(new RegExp(`33.*32 positions.*${reason}`)),
        where: { file: 'models/tiny', name: 'max_length' },
        hint: expect.stringContaining('32'),
      }),
    );
  });

  test('a model that only was made for fewer reads more', () => {
    const options = { maxLength: 1000, longFunctions: 'truncate', pooling: 'last' } as const;
    expect(encodeFunctions(model(128, {}, { max_position_embeddings: 32 }), ['a'], options)).toHaveLength(1);
  });
});
