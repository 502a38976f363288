/** @file Small tokenizer.json files for tests, written by hand: a byte-level and a SentencePiece-like one. */
import { BYTE_CHARACTERS } from '../../../src/text/byte-alphabet.ts';

type Json = Record<string, unknown>;

const numbered = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));

/** All bytes, some merges ("int", " x", "  "), two special tokens; `more` replaces parts of the file. */
export function byteLevelJson(more: Json = {}, model: Json = {}): Json {
  const merges = ['i n', 'in t', 'Ġ x', 'Ġ Ġ', 'ĠĠ ĠĠ', 'n t', 'r e', 're t', 'Ġ ret'];
  const tokens = [
    '<|end|>',
    ...BYTE_CHARACTERS,
    ...merges.map((merge) => merge.replace(' ', '')),
    '<|start|>',
  ];
  return {
    version: '1.0',
    added_tokens: ['<|end|>', '<|start|>'].map((content) => ({
      id: tokens.indexOf(content),
      content,
      special: true,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: numbered(tokens), merges, ...model },
    ...more,
  };
}

/** Metadata of a GGUF file with a vocabulary of scores: "▁in" is worth more than "int". */
export function sentencePieceMetadata(more: Json = {}): Json {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const pieces = ['▁', 'i', 'n', 't', 'x', 'in', '▁in', 'int', '▁▁'];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...pieces];
  return {
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)),
    'tokenizer.ggml.scores': tokens.map((_, id) => (id < 264 ? 0 : 264 - id)),
    'tokenizer.ggml.bos_token_id': 1,
    'tokenizer.ggml.eos_token_id': 2,
    'tokenizer.ggml.unknown_token_id': 0,
    ...more,
  };
}
