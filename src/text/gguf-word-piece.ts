/**
 * @file BERT's words out of GGUF metadata. llama.cpp's converter writes the beginning of a word with a sign for the blank
 * before it and leaves out the mark of what goes on; the tokenizer.json made of it has BERT's own spelling again.
 */
import { addedTokens, flag, invalid, type Metadata, strings, tokenId, vocabulary } from './gguf-metadata.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

const BLANK = '\u2581';
const CONTINUES = '##';

/** @throws VultuneError TOKENIZER_INVALID for metadata of another type, or without the tokens that stand around a text. */
export function ggufWordPiece(
  metadata: Metadata,
  file: string,
): { readonly json: TokenizerJson; readonly config: TokenizerConfig } {
  const tokens = strings(metadata, 'tokens', file);
  const role = (keys: readonly string[], usual: string) => {
    const id = tokenId(metadata, keys, tokens, file) ?? tokens.indexOf(usual);
    if (id >= 0) return { id, content: tokens[id]! };
    throw invalid(keys[0]!, `there, nor is there a token ${usual}`, file);
  };
  const cls = role(['cls_token_id', 'bos_token_id'], '[CLS]');
  // The first name is llama.cpp's own.
  const sep = role(['seperator_token_id', 'eos_token_id'], '[SEP]');
  const unknown = role(['unknown_token_id'], '[UNK]');
  const pad = role(['padding_token_id'], '[PAD]');
  const lowercase = flag(metadata, 'normalizer.lowercase', !tokens.some(isCased), file);
  const json: TokenizerJson = {
    added_tokens: addedTokens(metadata, tokens, file),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: flag(metadata, 'normalizer.strip_accents', lowercase, file),
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'BertProcessing',
      cls: [cls.content, cls.id],
      sep: [sep.content, sep.id],
    },
    decoder: { type: 'WordPiece', prefix: CONTINUES, cleanup: true },
    model: {
      type: 'WordPiece',
      vocab: vocabulary(tokens.map(spelling)),
      unk_token: unknown.content,
      continuing_subword_prefix: CONTINUES,
      max_input_chars_per_word: 100,
    },
  };
  return { json, config: { unk_token: unknown.content, pad_token: pad.content } };
}

const isWhole = (token: string) => token.startsWith('[') && token.endsWith(']');

/** Where the file does not say it: a vocabulary with capitals is for text as it is. */
const isCased = (token: string) => !isWhole(token) && token.toLowerCase() !== token;

function spelling(token: string): string {
  if (isWhole(token)) return token;
  return token.startsWith(BLANK) ? token.slice(BLANK.length) : CONTINUES + token;
}
