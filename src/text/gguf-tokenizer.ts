/**
 * @file The tokenizer.json a GGUF file's metadata stands for. Knows llama.cpp's keys and token types; the tokenizer made
 * of it is like any other.
 */
import { BYTE_CHARACTERS, spellBytes } from './byte-alphabet.ts';
import type { Component } from './component.ts';
import {
  addedTokens,
  flag,
  type Metadata,
  numbers,
  strings,
  tokenId,
  unsupported,
  vocabulary,
} from './gguf-metadata.ts';
import { GGUF_PRE_TOKENIZERS, type GgufPreTokenizer } from './gguf-pre-tokenizers.ts';
import { ggufWordPiece } from './gguf-word-piece.ts';
import { sentencePieceMerges } from './sentencepiece-merges.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/**
 * @throws VultuneError TOKENIZER_UNSUPPORTED for a tokenizer.ggml.model other than gpt2, llama and bert, or a
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
    case 'bert':
      return ggufWordPiece(metadata, file);
    default:
      throw unsupported('model', model, ['gpt2', 'llama', 'bert'], file);
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
  const added = addedTokens(metadata, tokens, file).map((token) =>
    pre.lstrip.includes(token.content) ? { ...token, lstrip: true } : token,
  );
  const alone = new Set(added.map((token) => token.id));
  // Some converters write tokens as plain text instead of in the byte alphabet.
  const spelled = tokens.map((token, id) => (alone.has(id) || isSpelled(token) ? token : spellBytes(token)));
  const json: TokenizerJson = {
    added_tokens: added,
    normalizer: pre.normalizer,
    pre_tokenizer: pre.preTokenizer,
    post_processor: prefixed(pre.prefix, tokens),
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: vocabulary(spelled),
      merges: strings(metadata, 'merges', file),
      ignore_merges: pre.ignoreMerges,
    },
  };
  const config = configOf(metadata, tokens, pre, file);
  if (pre.prefix.length === 0) return { json, config };
  // What the file says of the first token is not what its model does.
  const { add_bos_token: _, add_eos_token: __, ...roles } = config;
  return { json, config: roles };
}

/** These tokens before a text, where all of them are there. */
function prefixed(prefix: readonly string[], tokens: readonly string[]): Component | null {
  const ids = prefix.map((content) => tokens.indexOf(content));
  if (ids.length === 0 || ids.includes(-1)) return null;
  const special = prefix.map((id, i) => ({ id, ids: [ids[i]!], tokens: [id] }));
  return {
    type: 'TemplateProcessing',
    single: [
      ...prefix.map((id) => ({ SpecialToken: { id, type_id: 0 } })),
      { Sequence: { id: 'A', type_id: 0 } },
    ],
    pair: [],
    special_tokens: Object.fromEntries(special.map((token) => [token.id, token])),
  };
}

function sentencePieceTokenizer(metadata: Metadata, file: string) {
  const tokens = strings(metadata, 'tokens', file);
  const config = configOf(metadata, tokens, { addBos: true, addEos: false }, file);
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

function configOf(
  metadata: Metadata,
  tokens: readonly string[],
  { addBos, addEos }: Pick<GgufPreTokenizer, 'addBos' | 'addEos'>,
  file: string,
): TokenizerConfig {
  const token = (key: string, name: string) => {
    const id = tokenId(metadata, [`${key}_token_id`], tokens, file);
    return id === undefined ? {} : { [name]: tokens[id]! };
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
    add_eos_token: flag(metadata, 'add_eos_token', addEos, file),
  };
}

/** Switches that change a text before it is cut in ways that are not ours. (add_sep_token is for pairs of texts.) */
const REFUSED = ['remove_extra_whitespaces'] as const;

const ALPHABET: ReadonlySet<string> = new Set(BYTE_CHARACTERS);

function isSpelled(token: string): boolean {
  for (const character of token) if (!ALPHABET.has(character)) return false;
  return true;
}
