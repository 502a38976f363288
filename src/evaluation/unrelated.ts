/**
 * @file Vulnerable functions (P1) against functions that no fix touched (P3): the easier of two questions, asked beside the one about
 * a function and its own fix. A model that only knows what such code looks like is good at this one alone.
 */
import type { RankedScores } from './metrics/ranked-scores.ts';

export interface SetRecord {
  /** P1 vulnerable, P2 its fix, P3 unrelated. */
  readonly set?: string | undefined;
}

export interface UnrelatedRanking {
  /** Functions of P1. */
  readonly vulnerable: number;
  /** Functions of P3. */
  readonly unrelated: number;
  /** Area under the ROC curve of the two: how often a P1 scores above a P3, a tie counting half. */
  readonly rocAuc: number;
}

/** Which functions take part. */
export interface UnrelatedSets {
  /** [N] 1 for a P1 and 0 for others; in the order of the ranked scores, as `isUnrelated`. */
  readonly isVulnerable: Uint8Array;
  /** [N] 1 for a P3. */
  readonly isUnrelated: Uint8Array;
}

/** @returns `undefined` where the records name no P1 or no P3 */
export function unrelatedSets(
  records: readonly SetRecord[],
  { order }: Pick<RankedScores, 'order'>,
): UnrelatedSets | undefined {
  const isOf = (set: string) => Uint8Array.from(order, (place) => (records[place]!.set === set ? 1 : 0));
  const [isVulnerable, isUnrelated] = [isOf('P1'), isOf('P3')];
  return isVulnerable.includes(1) && isUnrelated.includes(1) ? { isVulnerable, isUnrelated } : undefined;
}

/** O(n). NaN for `rocAuc` where a resample holds none of one side. */
export function unrelatedRanking(
  { isVulnerable, isUnrelated }: UnrelatedSets,
  { scores, counts }: Pick<RankedScores, 'scores' | 'counts'>,
): UnrelatedRanking {
  let [vulnerable, unrelated, won] = [0, 0, 0];
  for (let i = 0; i < scores.length; ) {
    let [tiedVulnerable, tiedUnrelated] = [0, 0];
    const score = scores[i];
    for (; i < scores.length && scores[i] === score; i++) {
      tiedVulnerable += isVulnerable[i]! * counts[i]!;
      tiedUnrelated += isUnrelated[i]! * counts[i]!;
    }
    // Highest scores first: those seen before beat these.
    won += tiedUnrelated * (vulnerable + tiedVulnerable / 2);
    vulnerable += tiedVulnerable;
    unrelated += tiedUnrelated;
  }
  return { vulnerable, unrelated, rocAuc: won / (vulnerable * unrelated) };
}
