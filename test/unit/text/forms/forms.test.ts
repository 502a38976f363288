/** @file Vocabularies that are broken, contradict themselves or are for what we cannot reproduce; and what goes before what. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selectModelFiles } from '../../../../src/checkpoint/sources/model-files.ts';
import { copyTokenizer, readTokenizer } from '../../../../src/checkpoint/tokenizer-files.ts';
import { openTokenizer } from '../../../../src/text/open-tokenizer.ts';
import { byteLevelJson } from '../small-tokenizer.ts';

const ROOT = resolve(import.meta.dirname, '../../../fixtures/tokenizers');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-forms-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const use = (name: string) => cpSync(join(ROOT, name), folder, { recursive: true });
const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const putJson = (name: string, value: unknown) => put(name, JSON.stringify(value));
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string });

interface Piece {
  readonly piece?: string;
  readonly score?: number;
  readonly type?: number;
}

/** A SentencePiece model: letters, and what the test adds. */
function sentencePieces(more: readonly Piece[], trainer: Readonly<Record<number, number>> = { 3: 2, 35: 0 }) {
  const writer = new BinaryWriter();
  const base = [
    { piece: '<unk>', type: 2 },
    { piece: '<s>', type: 3 },
    { piece: '</s>', type: 3 },
    { piece: '▁' },
    { piece: 'a' },
    { piece: 'b' },
  ];
  for (const { piece, score = 0, type } of [...base, ...more] as Piece[]) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (piece !== undefined) writer.tag(1, WireType.LengthDelimited).string(piece);
    writer.tag(2, WireType.Bit32).float(score);
    if (type !== undefined) writer.tag(3, WireType.Varint).int32(type);
    writer.join();
  }
  writer.tag(2, WireType.LengthDelimited).fork();
  for (const [field, value] of Object.entries(trainer))
    writer.tag(Number(field), WireType.Varint).int32(value);
  writer.join();
  return writer.finish();
}

describe('which files', () => {
  test('a tokenizer.json goes before any vocabulary', async () => {
    use('bert');
    putJson('tokenizer.json', byteLevelJson());
    expect((await readTokenizer(folder))?.kind).toBe('huggingface');
  });

  test('pairs without their merges are not a tokenizer', async () => {
    use('gpt2');
    rmSync(join(folder, 'merges.txt'));
    expect(await readTokenizer(folder)).toBeUndefined();
  });

  test.each([
    ['gpt2-added', undefined],
    ['roberta', 'roberta'],
    ['llama', 'llama'],
    ['glm4', undefined],
    ['bert', 'bert'],
  ])('an adapter trained on %s is read with the copy in its own folder', async (name, modelType) => {
    copyTokenizer(await readTokenizer(join(ROOT, name)), folder);
    const copy = await openTokenizer(folder, modelType);
    expect(copy?.fingerprint).toBe((await openTokenizer(join(ROOT, name), modelType))?.fingerprint);
  });

  test('a hub model without a tokenizer.json is fetched with its vocabulary', () => {
    const names = [
      'vocab.json',
      'merges.txt',
      'vocab.txt',
      'added_tokens.json',
      'config.json',
      'model.safetensors',
    ];
    const needed = selectModelFiles('m', names);
    expect(needed).toEqual([
      'added_tokens.json',
      'config.json',
      'merges.txt',
      'vocab.json',
      'model.safetensors',
    ]);
    expect(selectModelFiles('m', [...names, 'tokenizer.json'])).not.toContain('vocab.json');
  });
});

describe('texts of ids', () => {
  test.each([
    ['gpt2', 'gpt2'],
    ['roberta', 'roberta'],
    ['llama', 'llama'],
    ['gemma', undefined],
    ['glm4', undefined],
  ])('%s gives back what it was given', async (name, modelType) => {
    const tokenizer = (await openTokenizer(join(ROOT, name), modelType))!;
    const code = 'int  größe(char *x) {\r\n\treturn x[0] == "漢👩‍💻"; }\n';
    expect(tokenizer.decode(tokenizer.encode(code), { skipSpecialTokens: true })).toBe(code);
  });
});

test('a map of characters takes a quarter of a megabyte, whatever it is of', async () => {
  const tokenizer = (await openTokenizer(join(ROOT, 't5'), 't5'))!;
  for (const text of ['int x; ', 'e\u0301', '👩‍💻', 'a\r\n']) {
    expect(tokenizer.encode(text.repeat(2 ** 18 / text.length)).length).toBeGreaterThan(1);
  }
});

describe('special tokens', () => {
  test.each([
    ['gpt2', 'gpt2', [], []],
    ['roberta', 'roberta', ['<s>'], ['</s>']],
    ['bert', 'bert', ['[CLS]'], ['[SEP]']],
    ['llama', 'llama', ['<s>'], []],
    ['llama-legacy-false', undefined, ['<s>'], ['</s>']],
    ['gemma', undefined, ['<bos>'], []],
    ['t5', 't5', [], ['</s>']],
    ['glm4', undefined, ['[gMASK]', '<sop>'], []],
  ])('%s puts them around a text', async (name, modelType, before, after) => {
    const tokenizer = (await openTokenizer(join(ROOT, name), modelType))!;
    const found = tokenizer.encode('').map((id) => tokenizer.decode([id]));
    expect(found).toEqual([...before, ...after]);
  });

  test('roles that tokenizer_config.json takes away are gone', async () => {
    use('llama-legacy-false');
    const { special } = (await openTokenizer(folder))!;
    expect(special).toEqual({ bos: 1, eos: 2, unk: 0 });
  });

  test('a token that no vocabulary has comes behind it', async () => {
    use('gpt2');
    putJson('special_tokens_map.json', { pad_token: '[PAD]' });
    const tokenizer = (await openTokenizer(folder, 'gpt2'))!;
    expect(tokenizer.special.pad).toBe(Object.keys(JSON.parse(text('vocab.json')) as object).length);
    expect(tokenizer.encode('[PAD]')).toEqual([tokenizer.special.pad]);
  });
});

describe('WordPiece', () => {
  test('lines may end as on Windows, and the last of two equal ones counts', async () => {
    const lines = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'ab', '##c', 'ab'];
    put('vocab.txt', lines.join('\r\n'));
    const tokenizer = (await openTokenizer(folder, 'bert'))!;
    expect(tokenizer.encode('ABC ab x')).toEqual([2, 7, 6, 7, 1, 3]);
  });
});

describe('refused', () => {
  test.each<[string, string, string, () => void]>([
    [
      'a vocabulary that is for nothing',
      'TOKENIZER_UNSUPPORTED',
      'does not say how it is used',
      () => use('gpt2'),
    ],
    [
      'a class of pairs that is not known',
      'TOKENIZER_UNSUPPORTED',
      'CLIPTokenizer',
      () => {
        use('gpt2');
        putJson('tokenizer_config.json', { tokenizer_class: 'CLIPTokenizerFast' });
      },
    ],
    [
      'a class of words that is not known',
      'TOKENIZER_UNSUPPORTED',
      'MPNetTokenizer',
      () => {
        use('bert');
        putJson('tokenizer_config.json', { tokenizer_class: 'MPNetTokenizer' });
      },
    ],
    [
      'SentencePiece under ranks',
      'TOKENIZER_UNSUPPORTED',
      'LlamaTokenizer',
      () => {
        use('glm4');
        putJson('tokenizer_config.json', { tokenizer_class: 'LlamaTokenizer' });
      },
    ],
    [
      'code of its own',
      'TOKENIZER_UNSUPPORTED',
      'auto_map',
      () => {
        use('gpt2');
        putJson('tokenizer_config.json', {
          tokenizer_class: 'GPT2Tokenizer',
          auto_map: { AutoTokenizer: ['tokenization_x.X', null] },
        });
      },
    ],
    [
      'an id that the library would not give',
      'TOKENIZER_UNSUPPORTED',
      'an added token 7 "[PAD]" that the tokenizer lacks',
      () => {
        use('gpt2-added');
        const added = { 7: { content: '[PAD]', special: true } };
        putJson('tokenizer_config.json', { tokenizer_class: 'GPT2Tokenizer', added_tokens_decoder: added });
      },
    ],
    [
      'a merge of three',
      'TOKENIZER_INVALID',
      'not a pair',
      () => {
        use('gpt2-added');
        put('merges.txt', 'a b c\n');
      },
    ],
    [
      'a vocabulary without the unknown',
      'TOKENIZER_INVALID',
      'unk_token "[UNK]"',
      () => {
        put('vocab.txt', '[CLS]\n[SEP]\na\n');
        putJson('tokenizer_config.json', { tokenizer_class: 'BertTokenizer' });
      },
    ],
    [
      'ranks without the prefix',
      'TOKENIZER_INVALID',
      'lacks the added token [gMASK]',
      () => {
        use('glm4');
        putJson('tokenizer_config.json', { tokenizer_class: 'ChatGLM4Tokenizer' });
      },
    ],
    [
      'a rank that is not a number',
      'TOKENIZER_INVALID',
      'line 3',
      () => {
        use('glm4');
        const lines = text('tokenizer.model').split('\n');
        put('tokenizer.model', lines.with(2, 'YQ== x').join('\n'));
      },
    ],
    [
      'ranks without a byte',
      'TOKENIZER_INVALID',
      'the byte 33 alone',
      () => {
        use('glm4');
        put('tokenizer.model', text('tokenizer.model').replace('IQ== ', 'ISEhISEhIQ== '));
      },
    ],
  ])('%s', async (_, code, message, harm) => {
    harm();
    await expect(openTokenizer(folder)).rejects.toThrow(refused(code, message));
  });

  const long = Array.from({ length: 70 }, (_, i) => ({ piece: `${'a'.repeat(2000)}${i}` }));
  test.each<[string, string, string, Uint8Array]>([
    ['an empty file', 'TOKENIZER_INVALID', 'only 0 pieces', new Uint8Array()],
    ['half a file', 'TOKENIZER_INVALID', 'not a SentencePiece model', sentencePieces([]).subarray(0, 25)],
    ['a group', 'TOKENIZER_INVALID', 'group', Uint8Array.of(0x2b, 0x2b, 0x2b)],
    ['a number where a text belongs', 'TOKENIZER_INVALID', 'wire type', Uint8Array.of(0x08, 1)],
    ['a piece that is there twice', 'TOKENIZER_INVALID', 'there twice', sentencePieces([{ piece: 'a' }])],
    ['an empty piece', 'TOKENIZER_INVALID', 'is empty', sentencePieces([{}])],
    [
      'a score that is not a number',
      'TOKENIZER_INVALID',
      'NaN',
      sentencePieces([{ piece: 'x', score: Number.NaN }]),
    ],
    [
      'a piece of another type',
      'TOKENIZER_INVALID',
      'of the type 9',
      sentencePieces([{ piece: 'x', type: 9 }]),
    ],
    ['a role beyond the pieces', 'TOKENIZER_INVALID', 'bosId 99', sentencePieces([], { 3: 2, 41: 99 })],
    ['words', 'TOKENIZER_UNSUPPORTED', 'model_type 3', sentencePieces([], { 3: 3 })],
    [
      'blanks behind words',
      'TOKENIZER_UNSUPPORTED',
      'blanks in another way',
      sentencePieces([], { 3: 2, 24: 1 }),
    ],
    ['tokens too long to be taken apart', 'TOKENIZER_UNSUPPORTED', 'long tokens', sentencePieces(long)],
  ])('a SentencePiece model: %s', async (_, code, message, bytes) => {
    put('tokenizer.model', bytes);
    await expect(openTokenizer(folder, 'llama')).rejects.toThrow(refused(code, message));
  });

  test('the same model, whole, is read', async () => {
    put('tokenizer.model', sentencePieces([{ piece: 'ab', score: -1 }]));
    expect((await openTokenizer(folder, 'llama'))?.encode('ab a')).toEqual([1, 3, 6, 3, 4]);
  });
});
