import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/text/open-tokenizer.ts';
import { byteLevelJson } from './small-tokenizer.ts';

type Json = Record<string, unknown>;

function open(json: Json, config?: Json) {
  const tokenizer = loadTokenizer({ kind: 'huggingface', json, config, file: 'tokenizer.json' }, 'model');
  const tokenIds = (json.model as { vocab: Record<string, number> }).vocab;
  const names = Object.fromEntries(Object.entries(tokenIds).map(([token, id]) => [id, token]));
  const tokens = (text: string) => tokenizer.encode(text).map((id) => names[id]);
  return Object.assign(tokenizer, { tokens });
}

const small = open(byteLevelJson());

describe('encode', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['int x', ['int', 'Ġx']],
    ['int\treturn', ['int', 'ĉ', 'ret', 'u', 'r', 'n']],
    ['    x', ['ĠĠ', 'Ġ', 'Ġx']],
    ['     ', ['ĠĠĠĠ', 'Ġ']],
    ['é\u0000', ['Ã', '©', 'Ā']],
    ['a<|end|>int', ['a', '<|end|>', 'int']],
    ['<|end|><|start|>', ['<|end|>', '<|start|>']],
    ['<|en', ['<', '|', 'e', 'n']],
  ])('%j', (text, tokens) => {
    expect(small.tokens(text)).toEqual(tokens);
  });

  test('white space is what Unicode says, not what JavaScript says', () => {
    // A byte-order mark is a sign (and takes the blank before it), U+0085 is white space.
    expect(small.tokens(' \ufeffx')).toEqual(['Ġ', 'ï', '»', '¿', 'x']);
    expect(small.tokens('\u0085 x')).toEqual(['Â', 'ħ', 'Ġx']);
  });

  test('a lone surrogate is U+FFFD, a pair is its character', () => {
    const ids = small.encode('x\ud83dy');
    expect(ids).toEqual(small.encode('x\ufffdy'));
    expect(small.decode(small.encode('🚀'))).toBe('🚀');
  });

  test('merges go by rank, not from left to right', () => {
    // "n t" has a lower rank than "r e", "in" a lower one than "nt".
    expect(small.tokens('int')).toEqual(['int']);
    expect(small.tokens('nt')).toEqual(['nt']);
    expect(open(byteLevelJson({}, { merges: ['n t', 'i n', 'in t'] })).tokens('int')).toEqual(['i', 'nt']);
  });

  test('ignore_merges takes a piece that is a token whole', () => {
    const merges = ['n t'];
    expect(open(byteLevelJson({}, { merges })).tokens('int')).toEqual(['i', 'nt']);
    expect(open(byteLevelJson({}, { merges, ignore_merges: true })).tokens('int')).toEqual(['int']);
  });

  test('what is out of vocabulary is one token, apart from a token that the model takes for it', () => {
    const model = { type: 'BPE', vocab: { x: 0, a: 1 }, merges: [], unk_token: 'x', fuse_unk: true };
    const tokenizer = open(byteLevelJson({ added_tokens: [], pre_tokenizer: null, model }));
    expect(tokenizer.encode('xéüaéüx')).toEqual([0, 0, 1, 0, 0]);
  });

  test('merges as pairs are merges as text', () => {
    const merges = [
      ['i', 'n'],
      ['in', 't'],
    ];
    expect(open(byteLevelJson({}, { merges })).tokens('int')).toEqual(['int']);
  });

  test('any text comes back from its ids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(small.decode(small.encode(text))).toBe(text);
      }),
    );
  });

  test('what was encoded before does not matter', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[intxre ]{0,12}$/), { maxLength: 6 }), (texts) => {
        const used = texts.map((text) => small.encode(text));
        expect(texts.map((text) => open(byteLevelJson()).encode(text))).toEqual(used);
      }),
      { numRuns: 10 },
    );
  });

  test('a megabyte in one line', () => {
    const length = 2 ** 20;
    expect(small.encode('int'.repeat(length / 4))).toHaveLength(length / 4);
    expect(small.encode('\u0000'.repeat(length))).toHaveLength(length);
    expect(small.encode(' '.repeat(length))).toHaveLength(length / 4);
    expect(small.encode('<|end|>  '.repeat(length / 16))).toHaveLength(length / 8);
  });
});

const template = {
  type: 'TemplateProcessing',
  single: [
    { SpecialToken: { id: '<|start|>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '<|end|>', type_id: 0 } },
  ],
  pair: [],
  special_tokens: {
    '<|start|>': { id: '<|start|>', ids: [266], tokens: ['<|start|>'] },
    '<|end|>': { id: '<|end|>', ids: [0], tokens: ['<|end|>'] },
  },
};
const replace = { type: 'Replace', content: '' };

function nested(levels: number): Json {
  let json: Json = { type: 'NFC' };
  for (let i = 0; i < levels; i++) json = { type: 'Sequence', normalizers: [json] };
  return json;
}

describe('special tokens', () => {
  const names = { bos_token: '<|start|>', eos_token: { content: '<|end|>' } };

  test('as the post-processor adds them, or not at all', () => {
    const tokenizer = open(byteLevelJson({ post_processor: template }));
    expect(tokenizer.tokens('int')).toEqual(['<|start|>', 'int', '<|end|>']);
    expect(tokenizer.tokens('')).toEqual(['<|start|>', '<|end|>']);
    expect(tokenizer.encode('int', { addSpecialTokens: false })).toEqual(small.encode('int'));
  });

  test('add_bos_token and add_eos_token of the configuration have the last word', () => {
    const json = byteLevelJson({ post_processor: template });
    expect(open(json, { ...names, add_bos_token: false }).tokens('int')).toEqual(['int']);
    expect(open(json, { ...names, add_bos_token: true }).tokens('int')).toEqual(['<|start|>', 'int']);
    expect(open(json, { ...names, add_eos_token: true }).tokens('int')).toEqual(['int', '<|end|>']);
    expect(open(json, { ...names, add_bos_token: null }).tokens('int')).toHaveLength(3);
  });

  test('their ids are known by role', () => {
    expect(open(byteLevelJson(), { ...names, pad_token: null }).special).toEqual({ bos: 266, eos: 0 });
    expect(small.vocabSize).toBe(267);
  });

  test('are left out of the decoded text when asked', () => {
    const ids = [266, ...small.encode('int x'), 0];
    expect(small.decode(ids)).toBe('<|start|>int x<|end|>');
    expect(small.decode(ids, { skipSpecialTokens: true })).toBe('int x');
    expect(small.decode([0], { skipSpecialTokens: true })).toBe('');
    expect(small.decode([])).toBe('');
    expect(small.decode([9999, ...small.encode('x')])).toBe('x');
  });

  test('the longest wins, and those with strip take white space along', () => {
    const token = (id: number, content: string, more: Json = {}) => ({ id, content, special: true, ...more });
    const tokenizer = open(
      byteLevelJson({
        added_tokens: [
          token(267, '<a>'),
          token(268, '<a><b>'),
          token(269, '<left>', { lstrip: true }),
          token(270, '<right>', { rstrip: true }),
        ],
      }),
    );
    const x = small.encode('x')[0]!;
    expect(tokenizer.encode('<a><b><a>')).toEqual([268, 267]);
    expect(tokenizer.encode('x \n <left> x')).toEqual([x, 269, ...small.encode(' x')]);
    expect(tokenizer.encode('x<right> \u0085\n x')).toEqual([x, 270, x]);
    expect(tokenizer.encode('<right>  <left>')).toEqual([270, 269]);
  });

  test('a token that is a word is found between words only', () => {
    const token = (id: number, content: string, more: Json = {}) => ({
      id,
      content,
      special: false,
      ...more,
    });
    const tokenizer = open(
      byteLevelJson({
        added_tokens: [
          token(267, 'foo', { single_word: true }),
          token(268, '<mask>', { single_word: true, special: true }),
        ],
      }),
    );
    const found = (text: string) => tokenizer.encode(text).filter((id) => id > 266);
    // What version 0.23 of the original library gives.
    expect(found('foo xfoox intfoo food foo_ 1foo éfoo')).toEqual([267]);
    expect(found('(foo) -foo. foo\u{1F680}foo')).toEqual([267, 267, 267, 267]);
    expect(found('a<mask>b _<mask> <mask>\u0301 \u{10400}<mask>')).toEqual([]);
    expect(found('<mask> <mask>')).toEqual([268, 268]);
  });

  test('a normalised one is found in normalised text', () => {
    const added = [{ id: 267, content: 'Ⅸ', special: false, normalized: true }];
    const tokenizer = open(byteLevelJson({ added_tokens: added, normalizer: { type: 'NFKC' } }));
    expect(tokenizer.encode('xIX')).toEqual([...small.encode('x'), 267]);
  });
});

describe('the configuration and tokenizer.json', () => {
  const names = { added_tokens_decoder: { 266: { content: '<|start|>', special: true, rstrip: true } } };

  test('what the configuration says of an added token holds', () => {
    expect(open(byteLevelJson(), names).tokens('<|start|>  int')).toEqual(['<|start|>', 'int']);
    expect(small.tokens('<|start|>  int')).toEqual(['<|start|>', 'Ġ', 'Ġ', 'int']);
  });

  const bert = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true };
  test.each<[string, Json, Json, string]>([
    ['a switch that is text', {}, { add_bos_token: 'yes' }, 'TOKENIZER_INVALID'],
    ['a class that is a list', {}, { tokenizer_class: ['x'] }, 'TOKENIZER_INVALID'],
    ['code of its own', {}, { auto_map: { AutoTokenizer: ['a.B', null] } }, 'TOKENIZER_UNSUPPORTED'],
    ['another prefix', {}, { add_prefix_space: true }, 'TOKENIZER_UNSUPPORTED'],
    ['another case', { normalizer: bert }, { do_lower_case: false }, 'TOKENIZER_UNSUPPORTED'],
    [
      'an added token that the tokenizer lacks',
      {},
      { added_tokens_decoder: { 267: { content: '<new>' } } },
      'TOKENIZER_UNSUPPORTED',
    ],
  ])('%s is refused', (_, json, config, code) => {
    expect(() => open(byteLevelJson(json), config)).toThrow(expect.objectContaining({ code }));
  });

  test('what agrees is taken', () => {
    const config = {
      add_prefix_space: false,
      do_lower_case: true,
      add_bos_token: null,
      tokenizer_class: 'X',
    };
    expect(open(byteLevelJson({ normalizer: bert }), config).tokens('INT')).toEqual(['int']);
  });
});

describe('refused', () => {
  const refusal = (code: string, message: string) =>
    expect.objectContaining({ code, message: expect.stringContaining(message) });

  test('no tokenizer at all', () => {
    expect(() => loadTokenizer(undefined, '/models/mine')).toThrow(
      expect.objectContaining({
        code: 'TOKENIZER_MISSING',
        message: expect.stringContaining('/models/mine'),
        hint: expect.stringContaining('tokenizer.json'),
      }),
    );
  });

  test.each<[string, unknown, string]>([
    ['a list', [], 'tokenizer is a list of 0 values, expected an object'],
    ['no model', {}, 'model is nothing (null), expected an object'],
    ['no vocabulary', { model: { type: 'BPE' } }, 'model.vocab is missing'],
    ['a broken added token', byteLevelJson({ added_tokens: [{ id: '1' }] }), 'added_tokens.0.content'],
    [
      'a merge of tokens that are not there',
      byteLevelJson({}, { merges: ['i n', 'in T'] }),
      'merge 1 ("in" + "T")',
    ],
    [
      'an unknown way to split',
      byteLevelJson({ pre_tokenizer: { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Sideways' } }),
      'Sideways',
    ],
    ['an id that is text', byteLevelJson({}, { vocab: { a: 'x' } }), 'gives "a" the id "x"'],
    ['a negative id', byteLevelJson({}, { vocab: { a: -3 } }), 'the id -3'],
    ['an id of half a token', byteLevelJson({}, { vocab: { a: 1.5 } }), 'the id 1.5'],
    ['an id beyond all bounds', byteLevelJson({}, { vocab: { a: 2 ** 31 } }), 'the id 2147483648'],
    ['an id that two tokens have', byteLevelJson({}, { vocab: { a: 1, b: 1 } }), 'the id 1 to "b"'],
    ['a merge that is a number', byteLevelJson({}, { merges: [3] }), 'model.merges[0] is 3'],
    ['an unknown token out of vocabulary', byteLevelJson({}, { unk_token: '<x>' }), '"<x>"'],
    ['a switch that is text', byteLevelJson({}, { ignore_merges: 'no' }), 'model.ignore_merges'],
    [
      'an added token with an id of its own',
      byteLevelJson({ added_tokens: [{ id: 999, content: '<new>' }] }),
      'gives "<new>" the id 999, the tokenizers library gives it 267',
    ],
    [
      'a normalizer that is nothing',
      byteLevelJson({ normalizer: { type: 'Sequence', normalizers: [null] } }),
      'normalizer.normalizers.0',
    ],
    [
      'a template that is a number',
      byteLevelJson({ post_processor: { ...template, single: 3 } }),
      'post_processor.single',
    ],
    [
      'a template of text',
      byteLevelJson({ post_processor: { ...template, single: ['<|start|>'] } }),
      'post_processor.single.0',
    ],
    [
      'a template with a token it does not know',
      byteLevelJson({ post_processor: { ...template, special_tokens: {} } }),
      'the token "<|start|>"',
    ],
    [
      'a processor without its tokens',
      byteLevelJson({ post_processor: { type: 'BertProcessing', sep: ['x'], cls: null } }),
      'post_processor.',
    ],
    [
      'a switch of a component',
      byteLevelJson({ decoder: { type: 'WordPiece', prefix: 1 } }),
      'decoder.prefix',
    ],
    [
      'a map of characters that its sizes do not fit',
      byteLevelJson({ normalizer: { type: 'Precompiled', precompiled_charsmap: '/////w==' } }),
      'the trie it says it does',
    ],
    ['ten thousand levels', byteLevelJson({ normalizer: nested(10_000) }), 'levels'],
    ['a merge of three', byteLevelJson({}, { merges: ['i n t'] }), 'model.merges[0] is "i n t"'],
  ])('%s', (_, json, message) => {
    const definition = { kind: 'huggingface' as const, json, config: undefined, file: 'tokenizer.json' };
    expect(() => loadTokenizer(definition, 'model')).toThrow(refusal('TOKENIZER_INVALID', message));
  });

  test.each<[string, Json, string]>([
    ['an unknown pre-tokenizer', byteLevelJson({ pre_tokenizer: { type: 'Thai' } }), 'Thai'],
    ['an unknown normalizer', byteLevelJson({ normalizer: { type: 'Rot13' } }), 'Rot13'],
    ['another version', byteLevelJson({ version: '2.0' }), 'version'],
    ['chance', byteLevelJson({}, { dropout: 0.1 }), 'dropout'],
    ['another model', byteLevelJson({}, { type: 'Neural' }), 'Neural'],
    [
      'a decoder with a pattern',
      byteLevelJson({ decoder: { ...replace, pattern: { Regex: '(a+)+$' } } }),
      'decoder',
    ],
    [
      'a template without the text',
      byteLevelJson({ post_processor: { ...template, single: [] } }),
      'that sequence once',
    ],
    [
      'two processors that add tokens',
      byteLevelJson({ post_processor: { type: 'Sequence', processors: [template, template] } }),
      'more than one',
    ],
    ['word suffixes', byteLevelJson({}, { end_of_word_suffix: '</w>' }), 'end_of_word_suffix'],
  ])('%s', (_, json, message) => {
    expect(() => open(json)).toThrow(refusal('TOKENIZER_UNSUPPORTED', message));
  });
});
