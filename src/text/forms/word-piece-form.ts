/** @file vocab.txt, BERT's form: one token a line, the line being its id. */

import { z } from '../../schema/zod.ts';
import { checkPart, unsupported } from '../component.ts';
import { readVocabulary } from '../vocabulary.ts';
import { trimEnd } from '../white-space.ts';
import type { FormReader } from './form.ts';
import { addedTokens, roleToken, settledConfig } from './special-tokens.ts';

/** They differ in what models they are for. */
const CLASSES = ['BertTokenizer', 'DistilBertTokenizer', 'ElectraTokenizer'];
const DEFAULTS = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
} as const;

const flag = z.boolean().nullish();
const optionsSchema = z
  .object({ do_lower_case: flag, strip_accents: flag, tokenize_chinese_chars: flag })
  .loose();

export const wordPieceForm: FormReader = ({ files, config: given, file }, { name }) => {
  if (!CLASSES.includes(name)) {
    const known = CLASSES.join(', ');
    throw unsupported(
      { file, name: 'tokenizer_class' },
      `is ${name.slice(0, 80)}; known for vocab.txt are ${known}`,
    );
  }
  const place = { file, name: 'vocab.txt' };
  const vocabulary = readVocabulary(vocabularyOf(files['vocab.txt']), place);
  const config = settledConfig(files, given, DEFAULTS, file);
  const added = addedTokens(files, config, vocabulary, place);
  const options = checkPart(optionsSchema, config, { file, name: 'tokenizer_config.json' });
  const namedId = (role: 'cls_token' | 'sep_token') => {
    const content = roleToken(config, role) ?? DEFAULTS[role];
    return [content, added.find((token) => token.content === content)?.id];
  };
  return {
    config,
    json: {
      added_tokens: added,
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: options.tokenize_chinese_chars ?? true,
        strip_accents: options.strip_accents ?? null,
        lowercase: options.do_lower_case ?? true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: { type: 'BertProcessing', cls: namedId('cls_token'), sep: namedId('sep_token') },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        vocab: Object.fromEntries(vocabulary),
        unk_token: roleToken(config, 'unk_token') ?? DEFAULTS.unk_token,
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
      },
    },
  };
};

/** A token that is there twice has its last line's id. */
function vocabularyOf(text: unknown): Readonly<Record<string, number>> {
  const lines = String(text).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return Object.fromEntries(lines.map((line, id) => [trimEnd(line), id]));
}
