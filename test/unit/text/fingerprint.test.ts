import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadTokenizer, openTokenizer } from '../../../src/text/open-tokenizer.ts';
import { byteLevelJson, sentencePieceMetadata } from './small-tokenizer.ts';

type Json = Record<string, unknown>;

const fingerprint = (json: Json, config?: Json) =>
  loadTokenizer({ kind: 'huggingface', json, config, file: 'tokenizer.json' }, 'model').fingerprint;
const original = fingerprint(byteLevelJson());

describe('the fingerprint', () => {
  test.each<[string, Json, Json | undefined]>([
    ['the order of fields', Object.fromEntries(Object.entries(byteLevelJson()).toReversed()), undefined],
    ['the chat template', byteLevelJson(), { chat_template: '{{ x }}' }],
    ['a version left out', byteLevelJson({ version: null }), undefined],
  ])('%s does not change it', (_, json, config) => {
    expect(fingerprint(json, config)).toBe(original);
  });

  test('merges are the same as pairs and as text', () => {
    const merges = (list: unknown) => fingerprint(byteLevelJson({}, { merges: list }));
    expect(merges([['i', 'n']])).toBe(merges(['i n']));
  });

  const vocab = (byteLevelJson() as { model: { vocab: Record<string, number> } }).model.vocab;
  const swapped = { ...vocab, i: vocab.n, n: vocab.i };
  test.each<[string, Json, Json | undefined]>([
    ['a vocabulary in which two tokens changed places', byteLevelJson({}, { vocab: swapped }), undefined],
    ['fewer merges', byteLevelJson({}, { merges: ['i n'] }), undefined],
    ['fewer added tokens', byteLevelJson({ added_tokens: [] }), undefined],
    ['a normalizer', byteLevelJson({ normalizer: { type: 'NFC' } }), undefined],
    ['another way to cut', byteLevelJson({ pre_tokenizer: { type: 'Whitespace' } }), undefined],
    ['an option of the model', byteLevelJson({}, { ignore_merges: true }), undefined],
    ['a first token', byteLevelJson(), { bos_token: '<|start|>', add_bos_token: true }],
    ['a last token', byteLevelJson(), { eos_token: '<|end|>', add_eos_token: true }],
  ])('%s changes it', (_, json, config) => {
    expect(fingerprint(json, config)).not.toBe(original);
  });

  test('that of a GGUF file comes from its metadata', () => {
    const gguf = (more: Json) =>
      loadTokenizer({ kind: 'gguf', metadata: sentencePieceMetadata(more), file: 'm.gguf' }, 'm').fingerprint;
    expect(gguf({ 'general.name': 'x' })).toBe(gguf({}));
    expect(gguf({ 'tokenizer.ggml.add_bos_token': false })).not.toBe(gguf({}));
  });
});

describe("a folder's own tokenizer", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vultune-tokenizer-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is opened with its configuration', async () => {
    const config = { eos_token: '<|end|>', add_eos_token: true };
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(byteLevelJson()));
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
    const tokenizer = await openTokenizer(folder);
    expect(tokenizer?.encode('')).toEqual([0]);
    expect(tokenizer?.fingerprint).toBe(fingerprint(byteLevelJson(), config));
  });

  test('is undefined where the folder has none', async () => {
    expect(await openTokenizer(folder)).toBeUndefined();
  });

  test('shows with its size that an added token lies beyond an embedding', () => {
    const added = [{ id: 267, content: '<new>', special: true }];
    const definition = { kind: 'huggingface' as const, json: byteLevelJson({ added_tokens: added }) };
    const tokenizer = loadTokenizer({ ...definition, config: undefined, file: 'f' }, 'f');
    expect(tokenizer.vocabSize).toBe(268);
  });
});
