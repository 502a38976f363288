/**
 * @file Labels and scores, sorted once; every metric reads this. A bootstrap resample keeps the order and only
 * changes how often each function counts (`withCounts`), so it costs O(n) and no sort. Knows no metric.
 */
import { invariant, VultuneError } from '../../base/errors.ts';

export interface RankedScores {
  /** How many functions count: the sum of `counts`. */
  readonly size: number;
  readonly positives: number;
  readonly negatives: number;
  /** [N] highest first; equal scores in input order. */
  readonly scores: Float64Array;
  /** [N] 1 vulnerable, 0 not; in the order of `scores`. */
  readonly labels: Uint8Array;
  /** [N] how often each function counts (1, unless resampled); in the order of `scores`. */
  readonly counts: Float64Array;
  /** [N] place of each sorted function in the input. */
  readonly order: Uint32Array;
  /** [K] the distinct scores, highest first: the only thresholds that differ in effect. */
  readonly thresholds: Float64Array;
  /** [K] vulnerable functions with score >= thresholds[k]. */
  readonly truePositives: Float64Array;
  /** [K] other functions with score >= thresholds[k]. */
  readonly falsePositives: Float64Array;
}

/**
 * Sorts once, O(n log n).
 *
 * @param labels [N] 1 vulnerable, 0 not
 * @param scores [N] higher means more likely vulnerable; finite
 * @throws VultuneError EVALUATION_SCORE_NOT_FINITE, EVALUATION_LABEL_INVALID
 */
export function rankScores(labels: ArrayLike<number>, scores: ArrayLike<number>): RankedScores {
  invariant(labels.length === scores.length, `${labels.length} labels for ${scores.length} scores`);
  const n = labels.length;
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new VultuneError(
        'EVALUATION_SCORE_NOT_FINITE',
        `function ${i + 1} of ${n} has the score ${scores[i]}, expected a finite number`,
        {
          hint: 'A model whose training diverged gives such scores: lower the learning rate and train again.',
        },
      );
    }
    if (labels[i] !== 0 && labels[i] !== 1) {
      throw new VultuneError(
        'EVALUATION_LABEL_INVALID',
        `function ${i + 1} of ${n} has the label ${labels[i]}, expected 0 or 1`,
      );
    }
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const sortedScores = new Float64Array(n);
  const sortedLabels = new Uint8Array(n);
  order.forEach((from, to) => {
    sortedScores[to] = scores[from]!;
    sortedLabels[to] = labels[from]!;
  });
  return accumulate(sortedScores, sortedLabels, order, new Float64Array(n).fill(1));
}

/**
 * The same functions, each counted as often as `counts` says: a bootstrap resample, or sample weights. O(n).
 *
 * @param counts [N] in the order of the input of `rankScores`; >= 0
 */
export function withCounts(ranked: RankedScores, counts: ArrayLike<number>): RankedScores {
  invariant(
    counts.length === ranked.order.length,
    `${counts.length} counts for ${ranked.order.length} scores`,
  );
  const sorted = Float64Array.from(ranked.order, (from) => counts[from]!);
  invariant(
    sorted.every((count) => count >= 0),
    'a count is negative',
  );
  return accumulate(ranked.scores, ranked.labels, ranked.order, sorted);
}

/**
 * `withCounts` for thousands of resamples in a row: each call overwrites what the call before returned.
 *
 * @returns a function of the counts, [N] in the order of `ranked.scores`; they are not copied
 */
export function reweigher(ranked: RankedScores): (sortedCounts: Float64Array) => RankedScores {
  const curves = emptyCurves(ranked.scores.length);
  return (sortedCounts) => accumulate(ranked.scores, ranked.labels, ranked.order, sortedCounts, curves);
}

type Curves = Pick<RankedScores, 'thresholds' | 'truePositives' | 'falsePositives'>;

const emptyCurves = (n: number): Curves => ({
  thresholds: new Float64Array(n),
  truePositives: new Float64Array(n),
  falsePositives: new Float64Array(n),
});

function accumulate(
  scores: Float64Array,
  labels: Uint8Array,
  order: Uint32Array,
  counts: Float64Array,
  { thresholds, truePositives, falsePositives }: Curves = emptyCurves(scores.length),
): RankedScores {
  const n = scores.length;
  let [distinct, positives, negatives] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (labels[i] === 1) positives += counts[i]!;
    else negatives += counts[i]!;
    if (i + 1 < n && scores[i + 1] === scores[i]) continue;
    thresholds[distinct] = scores[i]!;
    truePositives[distinct] = positives;
    falsePositives[distinct] = negatives;
    distinct++;
  }
  return {
    size: positives + negatives,
    positives,
    negatives,
    scores,
    labels,
    counts,
    order,
    thresholds: thresholds.subarray(0, distinct),
    truePositives: truePositives.subarray(0, distinct),
    falsePositives: falsePositives.subarray(0, distinct),
  };
}
