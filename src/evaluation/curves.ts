/**
 * @file ROC and precision-recall curves as points: thinned without changing their shape, and with a band of resampled
 * curves around them. Knows no drawing.
 */
import type { RankedScores } from './metrics/ranked-scores.ts';
import { LEVEL, quantile } from './resampling/intervals.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Flags what scores at least this; Infinity is written as null in JSON: nothing is flagged. */
  readonly threshold: number | null;
}

/** At each x, 95% of the resampled curves lie between low and high (pointwise). */
export type Band = readonly { readonly x: number; readonly low: number; readonly high: number }[];

/** x false positive rate, y true positive rate. Points inside a straight piece are left out: the area stays the same. */
export function rocCurve({
  thresholds,
  truePositives,
  falsePositives,
  positives,
  negatives,
}: RankedScores): CurvePoint[] {
  if (positives === 0 || negatives === 0) return [];
  // Compared in whole counts, so that straight means straight.
  const kept: number[] = [];
  const at = (k: number): readonly [number, number] =>
    k < 0 ? [0, 0] : [falsePositives[k]!, truePositives[k]!];
  for (let k = -1; k < thresholds.length; k++) {
    while (kept.length >= 2) {
      const [[ax, ay], [bx, by], [cx, cy]] = [at(kept.at(-2)!), at(kept.at(-1)!), at(k)];
      if ((bx - ax) * (cy - by) !== (by - ay) * (cx - bx)) break;
      kept.pop();
    }
    kept.push(k);
  }
  return kept.map((k) => ({
    x: at(k)[0] / negatives,
    y: at(k)[1] / positives,
    threshold: k < 0 ? null : thresholds[k]!,
  }));
}

/**
 * x recall, y precision, one point a threshold. Inside a run of thresholds that find nothing more only precision
 * falls: the first and the last point of such a run are kept, and average precision stays the same.
 */
export function prCurve({
  thresholds,
  truePositives,
  falsePositives,
  positives,
  negatives,
}: RankedScores): CurvePoint[] {
  if (positives === 0 || negatives === 0) return [];
  const points: CurvePoint[] = [];
  for (let k = 0; k < thresholds.length; k++) {
    const tp = truePositives[k]!;
    const isInsideRun =
      k > 0 && k + 1 < thresholds.length && truePositives[k - 1] === tp && truePositives[k + 1] === tp;
    if (isInsideRun) continue;
    points.push({ x: tp / positives, y: tp / (tp + falsePositives[k]!), threshold: thresholds[k]! });
  }
  return points;
}

const GRID = Float64Array.from({ length: 101 }, (_, i) => i / 100);

/** Collects resampled curves on a grid of x and gives the pointwise band; resamples of one class are passed over. */
export function bandOf(curve: 'roc' | 'pr'): { add(ranked: RankedScores): void; band(): Band } {
  const columns: number[][] = Array.from(GRID, () => []);
  return {
    add: (ranked) => {
      if (ranked.positives === 0 || ranked.negatives === 0) return;
      const values = curve === 'roc' ? truePositiveRateAt(ranked) : precisionAt(ranked);
      for (const [i, value] of values.entries()) columns[i]!.push(value);
    },
    band: () => {
      if (columns[0]!.length === 0) return [];
      return columns.map((column, i) => {
        const sorted = Float64Array.from(column).sort();
        const tail = (1 - LEVEL) / 2;
        return { x: GRID[i]!, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
      });
    },
  };
}

/** [101] by linear interpolation between thresholds; at a jump the upper end. */
function truePositiveRateAt({
  truePositives,
  falsePositives,
  positives,
  negatives,
}: RankedScores): Float64Array {
  let k = 0;
  return GRID.map((x) => {
    const wanted = x * negatives;
    while (k < falsePositives.length && falsePositives[k]! <= wanted) k++;
    const [fromX, fromY] = k === 0 ? [0, 0] : [falsePositives[k - 1]!, truePositives[k - 1]!];
    if (k === falsePositives.length) return fromY / positives;
    const share = (wanted - fromX) / (falsePositives[k]! - fromX);
    return (fromY + share * (truePositives[k]! - fromY)) / positives;
  });
}

/** [101] precision of the first threshold that reaches the recall. */
function precisionAt({ truePositives, falsePositives, positives }: RankedScores): Float64Array {
  let k = 0;
  return GRID.map((x) => {
    const wanted = Math.max(x * positives, Number.MIN_VALUE) - 1e-9;
    while (k + 1 < truePositives.length && truePositives[k]! < wanted) k++;
    const called = truePositives[k]! + falsePositives[k]!;
    return called === 0 ? 1 : truePositives[k]! / called;
  });
}
