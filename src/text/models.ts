/**
 * @file The models of tokenizer.json: how one piece of text becomes tokens. Knows their options; the work of byte pairs
 * and Unigram is in files of their own.
 */
import { VultuneError } from '../base/errors.ts';
import { z } from '../schema/zod.ts';
import { BYTE_CHARACTERS, spellBytes } from './byte-alphabet.ts';
import { BytePairEncoder } from './byte-pair-encoding.ts';
import { type Component, type ComponentPlace, invalid, readComponent, unsupported } from './component.ts';
import { UnigramEncoder } from './unigram.ts';
import { readMerges, readScores, readVocabulary, type Vocabulary } from './vocabulary.ts';

export interface Model {
  readonly vocabulary: Vocabulary;
  /** The token for what is not in the vocabulary. */
  readonly unknown: string | undefined;
  readonly encode: (piece: string) => number[];
}

const flag = z.boolean().nullish();
const text = z.string().nullish();
const KINDS = {
  BPE: z.object({
    vocab: z.unknown().optional(),
    merges: z.unknown().optional(),
    dropout: z.number().min(0).max(1).nullish(),
    unk_token: text,
    continuing_subword_prefix: text,
    end_of_word_suffix: text,
    fuse_unk: flag,
    byte_fallback: flag,
    ignore_merges: flag,
  }),
  WordPiece: z.object({
    vocab: z.unknown().optional(),
    unk_token: z.string(),
    continuing_subword_prefix: z.string(),
    max_input_chars_per_word: z.int().min(0),
  }),
  WordLevel: z.object({ vocab: z.unknown().optional(), unk_token: z.string() }),
  Unigram: z.object({ vocab: z.unknown().optional(), unk_id: z.int().min(0).nullish(), byte_fallback: flag }),
} as const;
type Options<T extends keyof typeof KINDS> = z.output<(typeof KINDS)[T]>;

/** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
export function readModel(component: Component, byteLevel: boolean, file: string): Model {
  const place = { file, name: 'model' };
  const { type, options } = readComponent(KINDS, component, place);
  switch (type) {
    case 'BPE':
      return bytePairs(options, byteLevel, place);
    case 'WordPiece':
      return spelled(wordPiece(options, place), byteLevel);
    case 'WordLevel':
      return spelled(wordLevel(options, place), byteLevel);
    case 'Unigram':
      return spelled(unigram(options, place), byteLevel);
  }
}

function bytePairs(options: Options<'BPE'>, byteLevel: boolean, place: ComponentPlace): Model {
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix'] as const) {
    if ((options[name] ?? '') !== '') throw unsupported(place, `has ${name}, which is not supported`);
  }
  if ((options.dropout ?? 0) > 0)
    throw unsupported(place, 'has dropout, which gives the same text other ids each time');
  const vocabulary = readVocabulary(options.vocab, { ...place, name: 'model.vocab' });
  if (byteLevel && options.byte_fallback === true && !BYTE_CHARACTERS.every((byte) => vocabulary.has(byte))) {
    throw unsupported(place, 'has byte_fallback for bytes that its vocabulary lacks, which is not supported');
  }
  const encoder = new BytePairEncoder(
    {
      vocab: vocabulary,
      merges: readMerges(options.merges, { ...place, name: 'model.merges' }),
      byteLevel,
      ignoreMerges: options.ignore_merges === true,
      byteFallback: options.byte_fallback === true,
      unknown: unknownId(options.unk_token ?? undefined, vocabulary, place),
      fuseUnknown: options.fuse_unk === true,
    },
    place.file,
  );
  return { vocabulary, unknown: options.unk_token ?? undefined, encode: (piece) => encoder.encode(piece) };
}

/** The longest token that a word begins with, then the longest that goes on with it. */
function wordPiece(options: Options<'WordPiece'>, place: ComponentPlace): Model {
  const { unk_token: unknown, continuing_subword_prefix: prefix, max_input_chars_per_word: most } = options;
  const vocabulary = readVocabulary(options.vocab, { ...place, name: 'model.vocab' });
  const unknownIds = [unknownId(unknown, vocabulary, place)!];
  const longest = [...vocabulary.keys()].reduce((length, token) => Math.max(length, token.length), 0);
  const encode = (piece: string) => {
    if (piece.length > most && Array.from(piece).length > most) return unknownIds;
    const ids: number[] = [];
    for (let start = 0; start < piece.length; ) {
      const before = start === 0 ? '' : prefix;
      let end = Math.min(piece.length, start + longest);
      let id: number | undefined;
      for (; end > start; end--) {
        id = vocabulary.get(before + piece.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return unknownIds;
      ids.push(id);
      start = end;
    }
    return ids;
  };
  return { vocabulary, unknown, encode };
}

function wordLevel({ vocab, unk_token: unknown }: Options<'WordLevel'>, place: ComponentPlace): Model {
  const vocabulary = readVocabulary(vocab, { ...place, name: 'model.vocab' });
  const unknownToken = vocabulary.get(unknown);
  const encode = (piece: string) => {
    const id = vocabulary.get(piece) ?? unknownToken;
    if (id !== undefined) return [id];
    const message = `the vocabulary has neither "${piece.slice(0, 20)}" nor its unk_token`;
    throw new VultuneError('TOKENIZER_INVALID', message, { where: place });
  };
  return { vocabulary, unknown, encode };
}

function unigram(options: Options<'Unigram'>, place: ComponentPlace): Model {
  const scores = readScores(options.vocab, { ...place, name: 'model.vocab' });
  const unknown = options.unk_id ?? undefined;
  if (unknown !== undefined && unknown >= scores.length) {
    throw invalid(place, `has unk_id ${unknown}, but only ${scores.length} tokens`);
  }
  const encoder = new UnigramEncoder(
    { scores, unknown, byteFallback: options.byte_fallback === true },
    place.file,
  );
  return {
    vocabulary: new Map(scores.map(([token], id) => [token, id])),
    unknown: unknown === undefined ? undefined : scores[unknown]![0],
    encode: (piece) => encoder.encode(piece),
  };
}

function spelled(model: Model, byteLevel: boolean): Model {
  return byteLevel ? { ...model, encode: (piece) => model.encode(spellBytes(piece)) } : model;
}

function unknownId(token: string | undefined, vocabulary: Vocabulary, place: ComponentPlace) {
  if (token === undefined) return undefined;
  const id = vocabulary.get(token);
  if (id === undefined)
    throw invalid(place, `has the unk_token "${token.slice(0, 40)}", which its vocabulary lacks`);
  return id;
}
