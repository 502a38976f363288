/**
 * @file Token ids of one piece, remembered: source code repeats its words. Chooses between our byte-pair encoding and
 * the library's other models; knows nothing of how text is cut.
 */
import { VultuneError } from '../base/errors.ts';
import { spellBytes } from './byte-alphabet.ts';
import { BytePairEncoder } from './byte-pair-encoding.ts';
import type { Library } from './library.ts';
import type { ModelDefinition } from './tokenizer-json.ts';

/** Pieces remembered at most; when there are more, all are forgotten (simple, and rare with code). */
const REMEMBERED_PIECES = 2 ** 17;
/** Longer pieces are not remembered: they do not come again. */
const LONGEST_REMEMBERED = 64;

/** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
export function pieceEncoder(
  model: ModelDefinition,
  byteLevel: boolean,
  library: Library,
  file: string,
): (piece: string) => readonly number[] {
  const encode = model.type === 'BPE' ? bytePairs(model, byteLevel, file) : libraryModel(byteLevel, library);
  const remembered = new Map<string, readonly number[]>();
  return (piece) => {
    const found = remembered.get(piece);
    if (found !== undefined) return found;
    const ids = encode(piece);
    if (piece.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= REMEMBERED_PIECES) remembered.clear();
      remembered.set(ownCopy(piece), ids);
    }
    return ids;
  };
}

function bytePairs(model: ModelDefinition, byteLevel: boolean, file: string): (piece: string) => number[] {
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if ((model[name] ?? '') !== '') {
      throw new VultuneError('TOKENIZER_UNSUPPORTED', `byte-pair encoding with ${name} is not supported`, {
        where: { file, name: `model.${name}` },
      });
    }
  }
  const vocab = new Map<string, number>(Object.entries(model.vocab));
  const unknown = typeof model.unk_token === 'string' ? vocab.get(model.unk_token) : undefined;
  const encoder = new BytePairEncoder(
    {
      vocab,
      merges: readMerges(model.merges, file),
      byteLevel,
      ignoreMerges: model.ignore_merges === true,
      byteFallback: model.byte_fallback === true,
      unknown,
      fuseUnknown: model.fuse_unk === true,
    },
    file,
  );
  return (piece) => encoder.encode(piece);
}

/** Merges are pairs, or in older files pairs written with a blank between. */
function readMerges(merges: unknown, file: string): (readonly [string, string])[] {
  const list: unknown[] = Array.isArray(merges) ? merges : [];
  return list.map((merge, rank) => {
    const [left, right, ...more]: unknown[] =
      typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    if (typeof left === 'string' && typeof right === 'string' && more.length === 0) return [left, right];
    throw new VultuneError(
      'TOKENIZER_INVALID',
      `merge ${rank} is ${JSON.stringify(merge)}, no pair of tokens`,
      {
        where: { file, name: `model.merges[${rank}]` },
      },
    );
  });
}

function libraryModel(byteLevel: boolean, library: Library): (piece: string) => number[] {
  const { model } = library;
  return (piece) =>
    model
      ._call([byteLevel ? spellBytes(piece) : piece])
      .map((token) => model.tokens_to_ids.get(token) ?? model.unk_token_id)
      .filter((id) => id !== undefined);
}

/** A piece cut from a text keeps the whole text in memory; a copy does not. */
function ownCopy(piece: string): string {
  return Buffer.from(piece, 'utf8').toString('utf8');
}
