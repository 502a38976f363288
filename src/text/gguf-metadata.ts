/**
 * @file What GGUF metadata says of a tokenizer, each value of the type that llama.cpp writes. Knows llama.cpp's keys and token
 * types, not what is made of them.
 */
import { VultuneError } from '../base/errors.ts';
import type { AddedToken } from './tokenizer-json.ts';

export type Metadata = Readonly<Record<string, unknown>>;

/** Values of tokenizer.ggml.token_type: normal, unknown, control, user defined, unused, byte. */
const TYPES = [1, 2, 3, 4, 5, 6];
/** Those that stand in text as themselves ("build special tokens cache" in llama.cpp's llama-vocab.cpp). */
const [UNKNOWN, CONTROL, USER_DEFINED] = [2, 3, 4] as const;

/** First wins where a token is there twice. */
export function vocabulary(tokens: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(tokens.map((token, id) => [token, id] as const).toReversed());
}

export function addedTokens(metadata: Metadata, tokens: readonly string[], file: string): AddedToken[] {
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

export function flag(metadata: Metadata, name: string, otherwise: boolean, file: string): boolean {
  const value = metadata[`tokenizer.ggml.${name}`];
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw invalid(name, 'true or false', file);
}

export function strings(metadata: Metadata, key: string, file: string): readonly string[] {
  const found = metadata[`tokenizer.ggml.${key}`];
  if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found;
  throw invalid(key, 'a list of strings', file);
}

export function numbers(metadata: Metadata, key: string, length: number, file: string): readonly number[] {
  const found = metadata[`tokenizer.ggml.${key}`];
  const items = ArrayBuffer.isView(found) ? Array.from(found as Float32Array) : found;
  const isList = Array.isArray(items) && items.every((item) => typeof item === 'number');
  if (isList && items.length === length) return items;
  throw invalid(key, `a list of ${length} numbers, one for each token`, file);
}

export function invalid(key: string, expected: string, file: string): VultuneError {
  const name = `tokenizer.ggml.${key}`;
  return new VultuneError('TOKENIZER_INVALID', `${name} is not ${expected}`, { where: { file, name } });
}

export function unsupported(
  key: string,
  found: unknown,
  known: readonly string[],
  file: string,
): VultuneError {
  const name = `tokenizer.ggml.${key}`;
  const value = JSON.stringify(found) ?? 'missing';
  return new VultuneError('TOKENIZER_UNSUPPORTED', `${name} is ${value}; known are ${known.join(', ')}`, {
    where: { file, name },
    hint: 'use the same model as a folder with config.json, safetensors and tokenizer.json',
  });
}

/** The id under the first of the keys that is there; undefined where none is. */
export function tokenId(
  metadata: Metadata,
  keys: readonly string[],
  tokens: readonly string[],
  file: string,
): number | undefined {
  const key = keys.find((name) => metadata[`tokenizer.ggml.${name}`] !== undefined);
  if (key === undefined) return undefined;
  const id = metadata[`tokenizer.ggml.${key}`];
  if (typeof id === 'number' && tokens[id] !== undefined) return id;
  throw invalid(key, `one of the ${tokens.length} tokens`, file);
}
