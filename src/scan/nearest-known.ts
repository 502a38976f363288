/**
 * @file The vulnerable function of the training data that a finding looks most like: cosine of TF-IDF over single tokens. A
 * pointer for the reader, no part of the score.
 */
import { timesVector } from '../evaluation/baselines/sparse-matrix.ts';
import { fitTfidf } from '../evaluation/baselines/tfidf.ts';
import type { NearestKnown } from './finding.ts';

export interface KnownFunction {
  readonly code: string;
  readonly id?: string | undefined;
  readonly cve?: string | undefined;
  readonly cwe?: readonly string[] | undefined;
}

/** Less alike than this says nothing: every two functions of a language share its words. */
const LEAST_SIMILARITY = 0.5;

/**
 * For each code its nearest one, `undefined` where none is alike. The codes' own words are counted too: words that no known
 * function has make a code unlike them all.
 */
export function nearestKnown(
  known: readonly KnownFunction[],
  codes: readonly string[],
): (NearestKnown | undefined)[] {
  const knownCodes = known.map(({ code }) => code);
  const vectorizer = fitTfidf([...knownCodes, ...codes], { maxNgram: 1, minDocuments: 1 });
  const rows = vectorizer.transform(knownCodes); // [K, F], rows of length 1
  const products = new Float64Array(known.length); // [K]
  const query = new Float64Array(vectorizer.featureCount); // [F]
  return codes.map((code) => {
    const { indices, values } = vectorizer.transform([code]);
    query.fill(0);
    for (const [k, feature] of indices.entries()) query[feature] = values[k]!;
    timesVector(rows, query, 0, products);
    let [best, similarity] = [-1, LEAST_SIMILARITY];
    for (const [row, product] of products.entries()) {
      if (product > similarity) [best, similarity] = [row, product];
    }
    return best < 0 ? undefined : nearest(known[best]!, best, similarity);
  });
}

function nearest({ id, cve, cwe }: KnownFunction, row: number, similarity: number): NearestKnown {
  return {
    id: id ?? `record ${row + 1}`,
    ...(cve === undefined ? {} : { cve }),
    ...(cwe === undefined || cwe.length === 0 ? {} : { cwe }),
    similarity: Math.min(1, similarity),
  };
}
