import { expect, test } from 'vitest';
import { encodeFunctions } from '../../../src/network/encode-functions.ts';
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

const model = (vocabulary = 128, special: SpecialTokens = {}) => ({
  tokenizer: letters(special),
  geometry: makeModel(tinyConfig({ vocab_size: vocabulary })).geometry,
  path: 'models/tiny',
});

const text = (encoded: ReturnType<typeof encodeFunctions>) =>
  encoded.map((one) => (one === undefined ? undefined : String.fromCharCode(...one.ids)));

const codes = ['abc', 'abcdefgh', ''];

test('as they are where they fit; cut, or dropped, where they do not', () => {
  const encoded = (longFunctions: 'truncate' | 'head_tail' | 'drop') =>
    encodeFunctions(model(128, { eos: 90 }), codes, { maxLength: 4, longFunctions });
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
  const options = { maxLength: 8, longFunctions: 'drop' } as const;
  expect(encodeFunctions(model(128, special), [''], options)).toEqual([{ ids: [id], truncated: false }]);
});

test('a tokenizer of another model is noticed, also where the token would be cut off', () => {
  const options = { maxLength: 1, longFunctions: 'truncate' } as const;
  expect(() => encodeFunctions(model(98), ['ab'], options)).toThrow(
    expect.objectContaining({ code: 'TOKENIZER_MISMATCH', where: { file: 'models/tiny' } }),
  );
  expect(encodeFunctions(model(99), ['ab'], options)).toHaveLength(1);
});
