/**
 * @file Which evaluation is the best so far, and when a training stops because no better one came. Every engine's evaluations are
 * folded here; how a metric is computed, and what is kept of the best, is not known here.
 */

/** What early stopping knows of the evaluations so far. */
export interface EvaluatedSoFar {
  /** The best metric; undefined before the first evaluation. Higher is better. */
  readonly best: number | undefined;
  /** Evaluations in a row that were not better than the best before them. */
  readonly withoutImprovement: number;
}

/** The evaluations so far, and one more. An equal metric is not better: the earlier one is kept. */
export function withEvaluation(
  { best, withoutImprovement }: EvaluatedSoFar,
  metric: number,
): EvaluatedSoFar & { readonly isBest: boolean } {
  return best === undefined || metric > best
    ? { best: metric, withoutImprovement: 0, isBest: true }
    : { best, withoutImprovement: withoutImprovement + 1, isBest: false };
}

/**
 * Whether the training is to stop.
 * @param patience so many evaluations in a row without a better one; undefined: it never stops early
 */
export function isPatienceUsedUp(
  patience: number | undefined,
  { withoutImprovement }: Pick<EvaluatedSoFar, 'withoutImprovement'>,
): boolean {
  return patience !== undefined && withoutImprovement >= patience;
}
