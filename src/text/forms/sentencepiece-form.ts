/**
 * @file A SentencePiece model as a tokenizer: byte pairs (Llama, Mistral, Gemma), whose merges follow from the scores, and
 * Unigram (T5).
 */
import { basename } from 'node:path';
import { z } from '../../schema/zod.ts';
import { type Component, type ComponentPlace, checkPart, unsupported } from '../component.ts';
import { sentencePieceMerges } from '../sentencepiece-merges.ts';
import { type AddedToken, addedToken } from '../tokenizer-json.ts';
import type { FormReader } from './form.ts';
import {
  ALGORITHM,
  PIECE,
  readSentencePieceModel,
  type SentencePiece,
  type SentencePieceModel,
} from './sentencepiece-model.ts';
import { addedTokens, type RoleDefaults, settledConfig } from './special-tokens.ts';

interface ClassOptions {
  readonly algorithm: number;
  readonly defaults: RoleDefaults;
  /** Where tokenizer_config.json does not say. */
  readonly addBos: boolean;
  readonly addEos: boolean;
  /** How many tokens <extra_id_0>, <extra_id_1> ... lie behind the pieces, the last one first, unless extra_ids says otherwise. */
  readonly extraIds?: number;
}

const { bytePairs, unigram } = ALGORITHM;
const LLAMA: ClassOptions = { algorithm: bytePairs, defaults: {}, addBos: true, addEos: false };
const CLASSES: Readonly<Record<string, ClassOptions>> = {
  LlamaTokenizer: LLAMA,
  CodeLlamaTokenizer: LLAMA,
  GemmaTokenizer: { ...LLAMA, defaults: { pad_token: '<pad>' } },
  T5Tokenizer: {
    algorithm: unigram,
    defaults: { pad_token: '<pad>' },
    addBos: false,
    addEos: true,
    extraIds: 100,
  },
};

const MOST_EXTRA_IDS = 10_000;
const optionsSchema = z
  .object({
    add_bos_token: z.boolean().nullish(),
    add_eos_token: z.boolean().nullish(),
    add_prefix_space: z.boolean().nullish(),
    legacy: z.boolean().nullish(),
    extra_ids: z.int().min(0).max(MOST_EXTRA_IDS).optional(),
  })
  .loose();

const BLANK = '\u2581';

export const sentencePieceForm: FormReader = ({ files, config: given, file }, { name: className }) => {
  const options = Object.hasOwn(CLASSES, className) ? CLASSES[className] : undefined;
  if (options === undefined) {
    const known = Object.keys(CLASSES).join(', ');
    const found = className.slice(0, 80);
    throw unsupported(
      { file, name: 'tokenizer_class' },
      `is ${found}; known for a SentencePiece model are ${known}`,
    );
  }
  const name = basename(file);
  const bytes = files[name] as Uint8Array;
  const place = { file, name };
  const model = readSentencePieceModel(bytes, place);
  if (model.algorithm !== options.algorithm) {
    throw unsupported(
      place,
      `is of model_type ${model.algorithm}, expected ${options.algorithm} for ${className}`,
    );
  }
  if (model.blankAsSuffix || !model.escapeBlanks) {
    throw unsupported(place, 'writes blanks in another way (treat_whitespace_as_suffix, escape_whitespaces)');
  }
  const role = (key: string, id: number) => (id < 0 ? {} : { [key]: model.pieces[id]!.piece });
  const roles = {
    ...role('bos_token', model.bosId),
    ...role('eos_token', model.eosId),
    ...role('unk_token', model.unkId),
    ...role('pad_token', model.padId),
  };
  const config = settledConfig(files, given, { ...options.defaults, ...roles }, file);
  const chosen = checkPart(optionsSchema, config, { file, name: 'tokenizer_config.json' });
  const { add_bos_token, add_eos_token, add_prefix_space, legacy, extra_ids } = chosen;
  const extra = options.extraIds === undefined ? [] : extraPieces(model, extra_ids ?? options.extraIds);
  const pieces = [...model.pieces, ...extra];
  const vocabulary = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const added = addedTokens(files, config, vocabulary, place, ownTokens(pieces));
  const prefix = add_prefix_space ?? model.addDummyPrefix;
  const parts =
    options.algorithm === unigram
      ? unigramParts({ ...model, pieces }, prefix)
      : bytePairParts(model, prefix, legacy ?? true, place);
  return {
    json: { added_tokens: added, post_processor: null, ...parts },
    config: {
      ...config,
      add_bos_token: add_bos_token ?? options.addBos,
      add_eos_token: add_eos_token ?? options.addEos,
    },
  };
};

function extraPieces({ pieces }: SentencePieceModel, count: number): SentencePiece[] {
  const known = new Set(pieces.map(({ piece }) => piece));
  return Array.from({ length: count }, (_, i) => `<extra_id_${count - 1 - i}>`)
    .filter((piece) => !known.has(piece))
    .map((piece) => ({ piece, score: 0, type: PIECE.control }));
}

/** Pieces that stand in text as themselves. */
function ownTokens(pieces: readonly SentencePiece[]): AddedToken[] {
  return pieces.flatMap(({ piece, type }, id) => {
    const special = type === PIECE.control;
    if (!special && type !== PIECE.userDefined) return [];
    const flags = { normalized: false, single_word: false, lstrip: false, rstrip: false };
    return [addedToken({ id, content: piece, special, ...flags })];
  });
}

/** Transformers' T5Tokenizer, which takes words apart first: no piece goes across white space. */
function unigramParts(model: SentencePieceModel, prefix: boolean) {
  const scheme = prefix ? 'always' : 'never';
  const metaspace = { type: 'Metaspace', replacement: BLANK, prepend_scheme: scheme, split: true };
  return {
    normalizer: charsMap(model)[0] ?? null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    decoder: { type: 'Metaspace', replacement: BLANK },
    model: {
      type: 'Unigram',
      vocab: model.pieces.map(({ piece, score }) => [piece, score]),
      unk_id: model.unkId < 0 ? null : model.unkId,
      byte_fallback: model.byteFallback,
    },
  };
}

/**
 * `legacy`: as SentencePiece, and Llama's own tokenizer.json, with a blank before each section of text; otherwise one before
 * the text alone, and none where it begins with one.
 */
function bytePairParts(model: SentencePieceModel, prefix: boolean, legacy: boolean, place: ComponentPlace) {
  const { pieces, byteFallback, unkId } = model;
  const tokens = pieces.map(({ piece }) => piece);
  const scores = pieces.map(({ score }) => score);
  // SentencePiece's own sign for a blank counts as one at the end of a text only.
  const blanks = [
    [String.raw`\A +`, ''],
    [' +', ' '],
    [String.raw`[ ${BLANK}]+\z`, ''],
  ].map(([Regex, content]) => ({ type: 'Replace', pattern: { Regex }, content }));
  const before = [...charsMap(model), ...(model.removeExtraBlanks ? blanks : [])];
  const escaped: Component[] = [
    ...(prefix ? [{ type: 'Prepend', prepend: BLANK }] : []),
    { type: 'Replace', pattern: { String: ' ' }, content: BLANK },
  ];
  const scheme = prefix ? 'first' : 'never';
  const metaspace = { type: 'Metaspace', replacement: BLANK, prepend_scheme: scheme, split: false };
  const normalizers = legacy ? [...before, ...escaped] : before;
  return {
    normalizer: normalizers.length === 0 ? null : { type: 'Sequence', normalizers },
    pre_tokenizer: legacy ? null : metaspace,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: BLANK }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: sentencePieceMerges(tokens, scores, place),
      unk_token: unkId < 0 ? null : tokens[unkId]!,
      byte_fallback: byteFallback,
      fuse_unk: true,
    },
  };
}

function charsMap({ charsMap: map }: SentencePieceModel): Component[] {
  if (map.length === 0) return [];
  return [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(map).toString('base64') }];
}
