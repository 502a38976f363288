/**
 * @file A file of tiktoken's ranks (lines of a token's bytes in base64 and its rank) as a tokenizer. The file says neither how
 * text is cut nor which tokens are special: that is what the class of the model says.
 */

import { basename } from 'node:path';
import { BYTE_CHARACTERS } from '../byte-alphabet.ts';
import { type ComponentPlace, invalid, unsupported } from '../component.ts';
import { GPT4_PATTERN } from '../pattern/known-patterns.ts';
import { mergeWork } from '../sentencepiece-merges.ts';
import { readVocabulary } from '../vocabulary.ts';
import type { FormReader } from './form.ts';
import { addedTokens, settledConfig } from './special-tokens.ts';

/** GLM-4 and CodeGeeX4, whose tokenization_chatglm.py puts these before a text. */
const CLASSES: Readonly<Record<string, { readonly pattern: string; readonly prefix: readonly string[] }>> = {
  ChatGLM4Tokenizer: { pattern: GPT4_PATTERN, prefix: ['[gMASK]', '<sop>'] },
};

/** Whether a .model is such a file; a SentencePiece model begins with a line feed. */
export function isRankFile(bytes: Uint8Array): boolean {
  return /^[A-Za-z0-9+/]+=* \d+\r?(\n|$)/.test(Buffer.from(bytes.subarray(0, 2048)).toString('latin1'));
}

export const tiktokenForm: FormReader = ({ files, config: given, file }, { name: className }) => {
  const options = Object.hasOwn(CLASSES, className) ? CLASSES[className] : undefined;
  if (options === undefined) {
    const known = Object.keys(CLASSES).join(', ');
    throw unsupported(
      { file, name: 'tokenizer_class' },
      `is ${className.slice(0, 80)}; known for ranks are ${known}`,
    );
  }
  const name = basename(file);
  const bytes = files[name] as Uint8Array;
  const place = { file, name };
  const ranks = readRanks(bytes, place);
  const vocab = Object.fromEntries([...ranks].map(([token, rank]) => [spelled(token), rank]));
  const vocabulary = readVocabulary(vocab, place);
  // The class's own code is what this file does instead.
  const { auto_map: _, ...config } = settledConfig(files, given, {}, file);
  const added = addedTokens(files, config, vocabulary, place);
  const prefix = options.prefix.map((content) => {
    const id = added.find((token) => token.content === content)?.id;
    if (id === undefined)
      throw invalid({ file, name: 'tokenizer_config.json' }, `lacks the added token ${content}`);
    return { id: content, ids: [id], tokens: [content] };
  });
  const text = [{ Sequence: { id: 'A', type_id: 0 } }];
  const single = [...prefix.map(({ id }) => ({ SpecialToken: { id, type_id: 0 } })), ...text];
  return {
    config,
    json: {
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: options.pattern }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
      post_processor: {
        type: 'TemplateProcessing',
        single,
        pair: [],
        special_tokens: Object.fromEntries(prefix.map((token) => [token.id, token])),
      },
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab, merges: rankedMerges(ranks, place), ignore_merges: true },
    },
  };
};

/** Ranks by token, a token as one character a byte. */
function readRanks(bytes: Uint8Array, place: ComponentPlace): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  const lines = Buffer.from(bytes).toString('latin1').split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    if (line === '') continue;
    const [, base64, rank] = /^([A-Za-z0-9+/]+=*) (\d{1,8})$/.exec(line) ?? [];
    const token = base64 === undefined ? '' : Buffer.from(base64, 'base64').toString('latin1');
    if (token === '') throw invalid(place, `has in line ${at + 1} no token in base64 and its rank`);
    if (ranks.has(token)) throw invalid(place, `has in line ${at + 1} a token that is there before`);
    ranks.set(token, Number(rank));
  }
  for (let byte = 0; byte < 256; byte++) {
    if (!ranks.has(String.fromCharCode(byte))) throw invalid(place, `has no token of the byte ${byte} alone`);
  }
  return ranks;
}

/** tiktoken merges what makes the token of the lowest rank, whichever its two parts are: each pair of parts is a merge. */
function rankedMerges(
  ranks: ReadonlyMap<string, number>,
  place: ComponentPlace,
): (readonly [string, string])[] {
  mergeWork([...ranks.keys()], place);
  const merges: (readonly [string, string])[] = [];
  for (const [token] of [...ranks].toSorted(([, a], [, b]) => a - b)) {
    const halves = Array.from(
      { length: token.length - 1 },
      (_, i) => [token.slice(0, i + 1), token.slice(i + 1)] as const,
    )
      .filter(([left, right]) => ranks.has(left) && ranks.has(right))
      .toSorted(([a, b], [c, d]) => ranks.get(a)! - ranks.get(c)! || ranks.get(b)! - ranks.get(d)!);
    for (const [left, right] of halves) merges.push([spelled(left), spelled(right)]);
  }
  return merges;
}

function spelled(token: string): string {
  return Array.from(token, (byte) => BYTE_CHARACTERS[byte.charCodeAt(0)]!).join('');
}
