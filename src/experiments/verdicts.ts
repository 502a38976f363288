/**
 * @file Whether our rows stand in the paper's order: said of two rows only where intervals tell them apart. Equality is never
 * said, and a paper's equal cells order nothing.
 */

import type { Summary } from './summary.ts';
import { tQuantile975 } from './t-quantile.ts';

export interface JudgedRow {
  readonly name: string;
  /** Undefined where the paper has no number. */
  readonly paper: number | undefined;
  readonly ours: Summary | undefined;
}

export interface PairVerdict {
  /** The paper's larger one first. */
  readonly larger: string;
  readonly smaller: string;
  readonly verdict: 'same order' | 'other order' | 'not told apart';
}

/** Every pair of rows that the paper orders and both of whose figures are here. */
export function pairVerdicts(rows: readonly JudgedRow[]): PairVerdict[] {
  return rows.flatMap((a, i) =>
    rows.slice(i + 1).flatMap((b): PairVerdict[] => {
      if (a.paper === undefined || b.paper === undefined || a.paper === b.paper) return [];
      if (a.ours === undefined || b.ours === undefined) return [];
      const [larger, smaller] = a.paper > b.paper ? [a, b] : [b, a];
      return [
        {
          larger: larger.name,
          smaller: smaller.name,
          verdict: verdictOf(larger.ours!, smaller.ours!),
        },
      ];
    }),
  );
}

/** `same order` of 1 pair; `2 of 3 pairs in the same order, 1 not told apart`; undefined without pairs. */
export function verdictText(pairs: readonly PairVerdict[]): string | undefined {
  if (pairs.length === 0) return undefined;
  if (pairs.length === 1) return pairs[0]!.verdict;
  const counts = (['same order', 'other order', 'not told apart'] as const)
    .map((verdict) => [pairs.filter((pair) => pair.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0);
  return `${pairs.length} pairs of rows that the paper orders: ${counts.map(([count, verdict]) => `${count} ${verdict}`).join(', ')}`;
}

function verdictOf(larger: Summary, smaller: Summary): PairVerdict['verdict'] {
  const interval = differenceInterval(larger, smaller);
  if (interval === undefined) return 'not told apart';
  if (interval[0] > 0) return 'same order';
  return interval[1] < 0 ? 'other order' : 'not told apart';
}

/**
 * 95 % interval of `a - b`. Over seeds by Welch's t; with one seed each, from the ends of both intervals, which is wider than a
 * paired test; undefined where one of the two has none.
 */
function differenceInterval(a: Summary, b: Summary): readonly [number, number] | undefined {
  const difference = a.mean - b.mean;
  if (a.variance !== undefined && b.variance !== undefined) {
    const [va, vb] = [a.variance / a.seeds, b.variance / b.seeds];
    const error = va + vb;
    if (error === 0) return [difference, difference];
    const freedom = error ** 2 / (va ** 2 / (a.seeds - 1) + vb ** 2 / (b.seeds - 1));
    const half = tQuantile975(freedom) * Math.sqrt(error);
    return [difference - half, difference + half];
  }
  if (a.interval === undefined || b.interval === undefined) return undefined;
  return [a.interval[0] - b.interval[1], a.interval[1] - b.interval[0]];
}
