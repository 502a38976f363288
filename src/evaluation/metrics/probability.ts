/** @file Metrics of scores read as probabilities of being vulnerable (proper scoring rules). */
import type { RankedScores } from './ranked-scores.ts';

/** Scores are clipped to [1e-7, 1 - 1e-7], so one certain mistake costs 16 nats and not infinity. */
const CLIP = 1e-7;

/** Mean of (score - label)^2. */
export function brier({ scores, labels, counts, size }: RankedScores): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += counts[i]! * (scores[i]! - labels[i]!) ** 2;
  return sum / size;
}

/** Mean of -log p(label), in nats. */
export function logLoss({ scores, labels, counts, size }: RankedScores): number {
  const terms = logLossTerms(scores, labels);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += counts[i]! * terms[i]!;
  return sum / size;
}

/** Resamples share their scores: thousands of them take the logarithms once. */
const knownTerms = new WeakMap<Float64Array, { readonly labels: Uint8Array; readonly terms: Float64Array }>();

/** [N] -log p(label) of each function. */
function logLossTerms(scores: Float64Array, labels: Uint8Array): Float64Array {
  const known = knownTerms.get(scores);
  if (known?.labels === labels) return known.terms;
  const terms = scores.map((score, i) => {
    const p = Math.min(Math.max(score, CLIP), 1 - CLIP);
    return -Math.log(labels[i] === 1 ? p : 1 - p);
  });
  knownTerms.set(scores, { labels, terms });
  return terms;
}

/** Scores are sorted, so the two ends say it for all. */
export function areProbabilities({ scores }: RankedScores): boolean {
  return scores.length === 0 || (scores[0]! <= 1 && scores[scores.length - 1]! >= 0);
}
