/** @file Any text at all is encoded, or refused with a reason, by tokenizers of every kind. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { loadTokenizer } from '../../../src/text/open-tokenizer.ts';
import type { Tokenizer } from '../../../src/text/tokenizer.ts';
import { byteLevelJson, sentencePieceMetadata } from './small-tokenizer.ts';

type Json = Record<string, unknown>;

const open = (json: Json): Tokenizer =>
  loadTokenizer({ kind: 'huggingface', json, config: undefined, file: 'tokenizer.json' }, 'model');
const numbered = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const split = (Regex: string, more: Json = {}) => ({
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false, ...more },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
  },
});
const added = (more: Json) => ({
  added_tokens: [{ id: 267, content: ' x ', special: false, normalized: true, ...more }],
});
const pieces = ['[UNK]', 'i', '##n', '##t', 'int', 'x', '\u00e9'];
const unigram = (unk_id: number | null) => ({
  type: 'Unigram',
  unk_id,
  vocab: ['<unk>', '\u2581', 'i', 'n', 't', '\u2581in', 'int'].map((token, i) => [token, -i]),
});

const tokenizers: [string, Tokenizer][] = [
  ['byte level', open(byteLevelJson())],
  ['a foreign pattern', open(byteLevelJson(split(String.raw`(\w+\s?)*!|(a|aa)+$`)))],
  [
    'a pattern with lookaround',
    open(byteLevelJson(split(String.raw`(?<=\s)\S+?(?=\W)|x*`, { invert: true }))),
  ],
  [
    'a normalizer',
    open(byteLevelJson({ normalizer: { type: 'Replace', pattern: { Regex: '(e+)+x' }, content: '$&' } })),
  ],
  ['words alone', open(byteLevelJson(added({ single_word: true })))],
  ['white space taken along', open(byteLevelJson(added({ lstrip: true, rstrip: true })))],
  ['SentencePiece', loadTokenizer({ kind: 'gguf', metadata: sentencePieceMetadata(), file: 'm.gguf' }, 'm')],
  [
    'WordPiece',
    open(
      byteLevelJson({
        added_tokens: [],
        normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
        pre_tokenizer: { type: 'BertPreTokenizer' },
        decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
        model: {
          type: 'WordPiece',
          vocab: numbered(pieces),
          unk_token: '[UNK]',
          continuing_subword_prefix: '##',
          max_input_chars_per_word: 100,
        },
      }),
    ),
  ],
  [
    'Unigram',
    open(byteLevelJson({ added_tokens: [], pre_tokenizer: { type: 'Metaspace' }, model: unigram(0) })),
  ],
  ['Unigram without the unknown', open(byteLevelJson({ added_tokens: [], model: unigram(null) }))],
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
    .map((units) => String.fromCharCode(...units)),
  fc.stringMatching(/^[aeintx <|>_d!\né]{0,80}$/u),
  fc
    .tuple(
      fc.constantFrom('a', ' ', 'e', '\ud800', '<|end|>', '\u0301', ' x '),
      fc.integer({ min: 1, max: 3000 }),
    )
    .map(([unit, count]) => `${unit.repeat(count)}é`),
);

describe.each(tokenizers)('%s', (_, tokenizer) => {
  test('gives ids of the vocabulary, or says why not', () => {
    fc.assert(
      fc.property(text, (any) => {
        let ids: number[];
        try {
          ids = tokenizer.encode(any);
        } catch (error) {
          expect(error).toBeInstanceOf(VultuneError);
          return;
        }
        for (const id of ids)
          if (!(Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize)) expect.fail(`${id}`);
        tokenizer.decode(ids);
      }),
      { numRuns: 60 },
    );
  });

  test('takes a text of one long word', () => {
    try {
      expect(tokenizer.encode('int'.repeat(100_000)).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(VultuneError);
    }
  });
});
