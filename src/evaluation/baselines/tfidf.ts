/**
 * @file TF-IDF of token n-grams, as scikit-learn's TfidfVectorizer with sublinear_tf=True, smooth_idf=True and
 * norm='l2' computes it (feature order aside). N-grams are numbered, never joined to strings, and grown level by
 * level: an n-gram can be frequent only if both n-grams one token shorter are, so rare ones are never stored.
 */
import { codeTokens } from './code-tokens.ts';
import { type SparseMatrix, type SparseRow, sparseMatrix } from './sparse-matrix.ts';

export interface TfidfOptions {
  /** Longest n-gram; all from one token up are used. */
  readonly maxNgram: number;
  /** An n-gram of fewer training functions than this is dropped. */
  readonly minDocuments: number;
}

/** What a vectorizer knows, as plain values: it can be written to a file and made of one again. */
export interface TfidfVocabulary {
  /** Token -> its feature, 0 .. tokens - 1. */
  readonly tokens: ReadonlyMap<string, number>;
  /**
   * One table per length from 2 up: feature of all tokens but the last, times the number of tokens, plus the last token's feature
   * -> feature of the n-gram.
   */
  readonly levels: readonly ReadonlyMap<number, number>[];
  /** [F] training functions that have the n-gram. */
  readonly documentFrequencies: readonly number[];
  /** Training functions. */
  readonly documents: number;
}

export interface TfidfVectorizer {
  readonly featureCount: number;
  readonly vocabulary: TfidfVocabulary;
  /** [N, featureCount], rows of Euclidean length 1 (or 0 where nothing is known). */
  transform(codes: readonly string[]): SparseMatrix;
}

/** @throws nothing; without any frequent token the vectorizer has no features */
export function fitTfidf(
  codes: readonly string[],
  { maxNgram, minDocuments }: TfidfOptions,
): TfidfVectorizer {
  const documentFrequencies: number[] = []; // [F]
  const tokenIds = frequentTokens(codes, minDocuments, documentFrequencies);
  const documents = codes.map((code) => toIds(code, tokenIds));
  // One table per length from 2 up: (feature of the first n - 1 tokens, last token) -> feature.
  const levels: Map<number, number>[] = [];
  // [tokens] of each function: the feature of the n-gram that starts there, -1 if it is not frequent.
  let starts: readonly Int32Array[] = documents;
  for (let length = 2; length <= maxNgram; length++) {
    const level = frequentExtensions(
      starts,
      documents,
      length,
      tokenIds.size,
      minDocuments,
      documentFrequencies,
    );
    levels.push(level);
    starts = starts.map((ids, d) => extend(ids, documents[d]!, length, tokenIds.size, level));
  }
  return tfidfVectorizer({ tokens: tokenIds, levels, documentFrequencies, documents: codes.length });
}

export function tfidfVectorizer(vocabulary: TfidfVocabulary): TfidfVectorizer {
  const { tokens: tokenIds, levels, documentFrequencies, documents } = vocabulary;
  // ln((1 + N) / (1 + df)) + 1
  const idf = Float64Array.from(documentFrequencies, (df) => Math.log((1 + documents) / (1 + df)) + 1);
  const featuresOf = (code: string): SparseRow => {
    const tokens = toIds(code, tokenIds);
    const found: Int32Array[] = [tokens];
    for (const [index, level] of levels.entries()) {
      found.push(extend(found[index]!, tokens, index + 2, tokenIds.size, level));
    }
    return weighted(found, idf);
  };
  return {
    featureCount: idf.length,
    vocabulary,
    transform: (transformed) => sparseMatrix(transformed.map(featuresOf), idf.length),
  };
}

/** Tokens of at least `minDocuments` functions, numbered in order of first sight. */
function frequentTokens(
  codes: readonly string[],
  minDocuments: number,
  frequencies: number[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) {
    for (const token of new Set(codeTokens(code))) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const ids = new Map<string, number>();
  for (const [token, count] of counts) {
    if (count < minDocuments) continue;
    ids.set(token, frequencies.length);
    frequencies.push(count);
  }
  return ids;
}

/** N-grams of `length` tokens in at least `minDocuments` functions, numbered after all shorter ones. */
function frequentExtensions(
  starts: readonly Int32Array[],
  documents: readonly Int32Array[],
  length: number,
  tokenCount: number,
  minDocuments: number,
  frequencies: number[],
): Map<number, number> {
  const counts = new Map<number, number>();
  starts.forEach((ids, d) => {
    const seen = new Set<number>();
    for (let i = 0; i < ids.length; i++) {
      const key = extensionKey(ids, documents[d]!, i, length, tokenCount);
      if (key >= 0) seen.add(key);
    }
    for (const key of seen) counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  for (const [key, count] of counts) {
    if (count < minDocuments) {
      counts.delete(key);
      continue;
    }
    counts.set(key, frequencies.length);
    frequencies.push(count);
  }
  return counts;
}

/** The feature of the `length`-gram that starts at each token, -1 where it is not frequent. */
function extend(
  ids: Int32Array,
  tokens: Int32Array,
  length: number,
  tokenCount: number,
  level: ReadonlyMap<number, number>,
): Int32Array {
  return ids.map((_, i) => level.get(extensionKey(ids, tokens, i, length, tokenCount)) ?? -1);
}

/** -1 unless both (length - 1)-grams inside are frequent. Below 2^53: features times tokens. */
function extensionKey(
  ids: Int32Array,
  tokens: Int32Array,
  i: number,
  length: number,
  tokenCount: number,
): number {
  const last = tokens[i + length - 1] ?? -1;
  if (last < 0 || ids[i]! < 0 || (ids[i + 1] ?? -1) < 0) return -1;
  return ids[i]! * tokenCount + last;
}

const toIds = (code: string, tokenIds: ReadonlyMap<string, number>) =>
  Int32Array.from(codeTokens(code), (token) => tokenIds.get(token) ?? -1);

/** (1 + ln tf) * idf per feature, then divided by the row's Euclidean length. */
function weighted(found: readonly Int32Array[], idf: Float64Array): SparseRow {
  const counts = new Map<number, number>();
  for (const ids of found) {
    for (const id of ids) if (id >= 0) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const indices = Int32Array.from(counts.keys()).sort();
  const values = Float64Array.from(indices, (id) => (1 + Math.log(counts.get(id)!)) * idf[id]!);
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return { indices, values: length > 0 ? values.map((value) => value / length) : values };
}
