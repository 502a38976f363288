/** @file Tokens and their ids as a tokenizer.json lists them: whole numbers, each once, no more than there can be. */
import { z } from '../schema/zod.ts';
import { type ComponentPlace, invalid } from './component.ts';

/** Published vocabularies have up to 262,144 tokens. */
const LARGEST_ID = 2 ** 24 - 1;
const MOST_MERGES = 2 ** 23;

export const idSchema = z.int().min(0).max(LARGEST_ID);

export type Vocabulary = ReadonlyMap<string, number>;

/** @throws VultuneError TOKENIZER_INVALID for a table that is not one of tokens and ids. */
export function readVocabulary(value: unknown, place: ComponentPlace): Vocabulary {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(
      place,
      `is ${value === undefined ? 'missing' : 'not a table'}, expected a table of tokens and ids`,
    );
  }
  const vocabulary = new Map<string, number>(Object.entries(value));
  const seen = new Set<number>();
  for (const [token, id] of vocabulary) {
    if (!Number.isInteger(id) || id < 0 || id > LARGEST_ID) {
      const found = JSON.stringify(id)?.slice(0, 40);
      throw invalid(
        place,
        `gives "${shown(token)}" the id ${found}, expected an integer from 0 to ${LARGEST_ID}`,
      );
    }
    if (seen.has(id)) throw invalid(place, `gives the id ${id} to "${shown(token)}" and to another token`);
    seen.add(id);
  }
  return vocabulary;
}

/** Tokens with their scores, the place in the list being the id. */
export function readScores(value: unknown, place: ComponentPlace): (readonly [string, number])[] {
  if (!Array.isArray(value)) throw invalid(place, 'is not a list of tokens and scores');
  if (value.length > LARGEST_ID)
    throw invalid(place, `has ${value.length} tokens, at most ${LARGEST_ID} are read`);
  return value.map((item: unknown, i) => {
    const [token, score, ...more]: unknown[] = Array.isArray(item) ? item : [];
    if (typeof token === 'string' && typeof score === 'number' && more.length === 0) return [token, score];
    throw invalid(place, `has ${JSON.stringify(item)?.slice(0, 80)} at ${i}, expected a token and its score`);
  });
}

/** Merges are pairs, or in older files pairs written with a blank between. */
export function readMerges(value: unknown, place: ComponentPlace): (readonly [string, string])[] {
  if (!Array.isArray(value)) throw invalid(place, 'is not a list of merges');
  if (value.length > MOST_MERGES) {
    throw invalid(place, `has ${value.length} merges, at most ${MOST_MERGES} are read`);
  }
  const list: unknown[] = value;
  const isText = list.every((merge) => typeof merge === 'string');
  const merges = isText ? list.filter((merge) => !merge.startsWith('#version')) : list;
  return merges.map((merge, rank) => {
    const [left, right, ...more]: unknown[] =
      typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    if (typeof left === 'string' && typeof right === 'string' && more.length === 0) return [left, right];
    const found = JSON.stringify(merge)?.slice(0, 80);
    throw invalid({ ...place, name: `${place.name}[${rank}]` }, `is ${found}, which is not a pair of tokens`);
  });
}

const shown = (token: string) => (token.length > 40 ? `${token.slice(0, 40)}...` : token);
