/**
 * @file The label of the training function with the most similar words (cosine of TF-IDF). Where it does well, the test
 * set holds relatives of the training set, and a model may only have remembered them.
 */
import { type Baseline, trainingPrevalence } from './baseline.ts';
import type { SparseMatrix } from './sparse-matrix.ts';
import { fitTfidf } from './tfidf.ts';
import { sampleWithin } from './training-sample.ts';

const label = 'nearest neighbour';

/** Single words, also those of one training function: a rare name is what tells a relative. */
const OPTIONS = { maxNgram: 1, minDocuments: 1 };
/** Characters of training code; more is sampled down to this. */
const MAX_CHARACTERS = 10_000_000;
/** Products a function: the weightiest words first, so what is left out are words that nearly every function has. */
const MAX_PRODUCTS = 40_000;

export const nearestNeighbour: Baseline = {
  name: 'nearestNeighbour',
  label,
  fit(train) {
    const prevalence = trainingPrevalence(label, train);
    const used = sampleWithin(train, MAX_CHARACTERS);
    const codes = used.map(({ code }) => code);
    const vectorizer = fitTfidf(codes, OPTIONS);
    const index = byFeature(vectorizer.transform(codes));
    const similarities = new Float64Array(used.length);
    const scoreOf = (code: string) => {
      const nearest = findNearest(vectorizer.transform([code]), index, similarities);
      if (nearest === undefined) return prevalence;
      // A twin decides; one that hardly resembles the function says next to nothing.
      const sign = used[nearest.row]!.target === 1 ? 1 : -1;
      return 0.5 + (sign * Math.min(nearest.similarity, 1)) / 2;
    };
    const sampled =
      used.length < train.length ? `among ${used.length} of ${train.length} functions` : undefined;
    return {
      threshold: 0.5,
      score: (functions) => Float64Array.from(functions, ({ code }) => scoreOf(code)),
      ...(sampled === undefined ? {} : { note: sampled }),
    };
  },
};

/** A matrix by columns: the rows that have each feature, and how much of it. */
interface FeatureIndex {
  /** [features + 1] */
  readonly starts: Int32Array;
  readonly rows: Int32Array;
  readonly values: Float64Array;
}

function byFeature({ rows: rowCount, columns, rowStarts, indices, values }: SparseMatrix): FeatureIndex {
  const starts = new Int32Array(columns + 1);
  for (const column of indices) starts[column + 1]!++;
  for (let c = 0; c < columns; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice();
  const rows = new Int32Array(indices.length);
  const transposed = new Float64Array(indices.length);
  for (let r = 0; r < rowCount; r++) {
    for (let k = rowStarts[r]!; k < rowStarts[r + 1]!; k++) {
      const place = next[indices[k]!]!++;
      rows[place] = r;
      transposed[place] = values[k]!;
    }
  }
  return { starts, rows, values: transposed };
}

/** `similarities` is scratch, zero before and after. Among equally near rows the first wins. */
function findNearest(
  query: SparseMatrix,
  { starts, rows, values }: FeatureIndex,
  similarities: Float64Array,
): { readonly row: number; readonly similarity: number } | undefined {
  const byWeight = Array.from(query.indices.keys()).sort(
    (a, b) => query.values[b]! - query.values[a]! || a - b,
  );
  const touched: number[] = [];
  let left = MAX_PRODUCTS;
  for (const k of byWeight) {
    const [from, to] = [starts[query.indices[k]!]!, starts[query.indices[k]! + 1]!];
    if (to - from > left) continue;
    left -= to - from;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      if (similarities[row] === 0) touched.push(row);
      similarities[row]! += query.values[k]! * values[i]!;
    }
  }
  let best: number | undefined;
  for (const row of touched) {
    const isNearer =
      best === undefined ||
      similarities[row]! > similarities[best]! ||
      (similarities[row] === similarities[best] && row < best);
    if (isNearer) best = row;
  }
  const nearest = best === undefined ? undefined : { row: best, similarity: similarities[best]! };
  for (const row of touched) similarities[row] = 0;
  return nearest;
}
