/**
 * @file The tokenizer.json a GGUF file's metadata stands for. Knows llama.cpp's keys and token types; the tokenizer made
 * of it is like any other.
 */
import { VultuneError } from '../base/errors.ts';
import { BYTE_CHARACTERS, spellBytes } from './byte-alphabet.ts';
import type { Component } from './component.ts';
import { GGUF_PRE_TOKENIZERS } from './gguf-pre-tokenizers.ts';
import { sentencePieceMerges } from './sentencepiece-merges.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import type { AddedToken, TokenizerJson } from './tokenizer-json.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** Values of tokenizer.ggml.token_type: normal, unknown, control, user defined, unused, byte. */
const TYPES = [1, 2, 3, 4, 5, 6];
/** Those that stand in text as themselves ("build special tokens cache" in llama.cpp's llama-vocab.cpp). */
const [UNKNOWN, CONTROL, USER_DEFINED] = [2, 3, 4] as const;

/**
 * @throws VultuneError TOKENIZER_UNSUPPORTED for a tokenizer.ggml.model other than gpt2 and llama, or a
 * tokenizer.ggml.pre we do not know; TOKENIZER_INVALID for metadata of another type or length.
 */
export function tokenizerFromGguf(
  metadata: Metadata,
  file: string,
): { readonly json: TokenizerJson; readonly config: TokenizerConfig } {
  const model = metadata['tokenizer.ggml.model'];
  switch (model) {
    case 'gpt2':
      return byteLevelTokenizer(metadata, file);
    case 'llama':
      return sentencePieceTokenizer(metadata, file);
    default:
      throw unsupported('model', model, ['gpt2', 'llama'], file);
  }
}

function byteLevelTokenizer(metadata: Metadata, file: string) {
  const tokens = strings(metadata, 'tokens', file);
  const name = metadata['tokenizer.ggml.pre'] ?? 'default';
  const pre =
    typeof name === 'string' && Object.hasOwn(GGUF_PRE_TOKENIZERS, name)
      ? GGUF_PRE_TOKENIZERS[name]
      : undefined;
  if (pre === undefined) throw unsupported('pre', name, Object.keys(GGUF_PRE_TOKENIZERS), file);
  const added = addedTokens(metadata, tokens, file);
  const alone = new Set(added.map((token) => token.id));
  // Some converters write tokens as plain text instead of in the byte alphabet.
  const spelled = tokens.map((token, id) => (alone.has(id) || isSpelled(token) ? token : spellBytes(token)));
  const json: TokenizerJson = {
    added_tokens: added,
    normalizer: pre.normalizer,
    pre_tokenizer: pre.preTokenizer,
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: vocabulary(spelled),
      merges: strings(metadata, 'merges', file),
      ignore_merges: pre.ignoreMerges,
    },
  };
  return { json, config: configOf(metadata, tokens, pre.addBos, file) };
}

function sentencePieceTokenizer(metadata: Metadata, file: string) {
  const tokens = strings(metadata, 'tokens', file);
  const config = configOf(metadata, tokens, true, file);
  const prefix = flag(metadata, 'add_space_prefix', true, file);
  const merges =
    metadata['tokenizer.ggml.merges'] === undefined
      ? sentencePieceMerges(tokens, numbers(metadata, 'scores', tokens.length, file), {
          file,
          name: 'tokenizer.ggml.tokens',
        })
      : strings(metadata, 'merges', file);
  const blank = '\u2581';
  const prepend: Component[] = prefix ? [{ type: 'Prepend', prepend: blank }] : [];
  const json: TokenizerJson = {
    added_tokens: addedTokens(metadata, tokens, file),
    // SentencePiece's own: a blank more at the start, also where the text begins with one.
    normalizer: {
      type: 'Sequence',
      normalizers: [...prepend, { type: 'Replace', pattern: { String: ' ' }, content: blank }],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: blank }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      vocab: vocabulary(tokens),
      merges,
      unk_token: config.unk_token ?? null,
      byte_fallback: true,
      fuse_unk: true,
    },
  };
  return { json, config };
}

/** First wins where a token is there twice. */
function vocabulary(tokens: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(tokens.map((token, id) => [token, id] as const).toReversed());
}

function addedTokens(metadata: Metadata, tokens: readonly string[], file: string): AddedToken[] {
  if (metadata['tokenizer.ggml.token_type'] === undefined) return [];
  const types = numbers(metadata, 'token_type', tokens.length, file);
  const other = types.find((type) => !TYPES.includes(type));
  if (other !== undefined) throw unsupported('token_type', other, TYPES.map(String), file);
  const first = vocabulary(tokens);
  return tokens.flatMap((content, id) => {
    const special = types[id] === CONTROL || types[id] === UNKNOWN;
    // A token that is there twice is its first.
    if ((!special && types[id] !== USER_DEFINED) || first[content] !== id) return [];
    return [{ id, content, special, normalized: false, singleWord: false, lstrip: false, rstrip: false }];
  });
}

function configOf(
  metadata: Metadata,
  tokens: readonly string[],
  addBos: boolean,
  file: string,
): TokenizerConfig {
  const token = (key: string, name: string) => {
    const id = metadata[`tokenizer.ggml.${key}_token_id`];
    if (id === undefined) return {};
    const content = typeof id === 'number' ? tokens[id] : undefined;
    if (content !== undefined) return { [name]: content };
    throw invalid(`${key}_token_id`, `one of the ${tokens.length} tokens`, file);
  };
  for (const name of REFUSED) {
    if (flag(metadata, name, false, file)) throw unsupported(name, true, ['false'], file);
  }
  return {
    ...token('bos', 'bos_token'),
    ...token('eos', 'eos_token'),
    ...token('padding', 'pad_token'),
    ...token('unknown', 'unk_token'),
    add_bos_token: flag(metadata, 'add_bos_token', addBos, file),
    add_eos_token: flag(metadata, 'add_eos_token', false, file),
  };
}

/** Switches that change a text before it is cut, or what stands around it, in ways that are not ours. */
const REFUSED = ['remove_extra_whitespaces', 'add_sep_token'] as const;

function flag(metadata: Metadata, name: string, otherwise: boolean, file: string): boolean {
  const value = metadata[`tokenizer.ggml.${name}`];
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw invalid(name, 'true or false', file);
}

const ALPHABET: ReadonlySet<string> = new Set(BYTE_CHARACTERS);

function isSpelled(token: string): boolean {
  for (const character of token) if (!ALPHABET.has(character)) return false;
  return true;
}

function strings(metadata: Metadata, key: string, file: string): readonly string[] {
  const found = metadata[`tokenizer.ggml.${key}`];
  if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found;
  throw invalid(key, 'a list of strings', file);
}

function numbers(metadata: Metadata, key: string, length: number, file: string): readonly number[] {
  const found = metadata[`tokenizer.ggml.${key}`];
  const items = ArrayBuffer.isView(found) ? Array.from(found as Float32Array) : found;
  const isList = Array.isArray(items) && items.every((item) => typeof item === 'number');
  if (isList && items.length === length) return items;
  throw invalid(key, `a list of ${length} numbers, one for each token`, file);
}

function invalid(key: string, expected: string, file: string): VultuneError {
  const name = `tokenizer.ggml.${key}`;
  return new VultuneError('TOKENIZER_INVALID', `${name} is not ${expected}`, { where: { file, name } });
}

function unsupported(key: string, found: unknown, known: readonly string[], file: string): VultuneError {
  const name = `tokenizer.ggml.${key}`;
  const value = JSON.stringify(found) ?? 'missing';
  return new VultuneError('TOKENIZER_UNSUPPORTED', `${name} is ${value}; known are ${known.join(', ')}`, {
    where: { file, name },
    hint: 'use the same model as a folder with config.json, safetensors and tokenizer.json',
  });
}
