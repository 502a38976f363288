/**
 * @file Bias-corrected and accelerated intervals: Efron 1987, "Better bootstrap confidence intervals", JASA 82(397), equations 2.3
 * and 6.6. A figure such as average precision is skewed and biased on a few hundred functions, which shifts percentile intervals.
 */
import { inverseNormal, normal } from '../../base/normal.ts';
import type { FigureName } from '../figures.ts';
import {
  type Interval,
  type Intervals,
  LEVEL,
  percentileInterval,
  quantile,
  type Replicates,
  usable,
} from './intervals.ts';

/**
 * Quantiles interpolated linearly; `undefined` when most resamples have no value, or the figure itself has none. Where the
 * replicates or the jackknife do not vary enough to say more, this is the percentile interval.
 * @param estimate the figure on the functions as they are
 * @param jackknife [groups] the figure without each group of clusters in turn
 */
export function bcaInterval(
  replicates: Float64Array,
  estimate: number | undefined,
  jackknife: Float64Array,
  level = LEVEL,
): Interval | undefined {
  const sorted = usable(replicates);
  if (sorted === undefined || estimate === undefined) return undefined;
  const below = sorted.filter((value) => value < estimate).length;
  const equal = sorted.filter((value) => value === estimate).length;
  // Half of the ties, and never 0 or 1: then the bias would be infinite.
  const share = Math.min(
    Math.max((below + equal / 2) / sorted.length, 0.5 / sorted.length),
    1 - 0.5 / sorted.length,
  );
  const bias = inverseNormal(share);
  const a = acceleration(jackknife);
  const at = (tail: number) => {
    const z = bias + inverseNormal(tail);
    return quantile(sorted, normal(bias + z / (1 - a * z)));
  };
  const tail = (1 - level) / 2;
  return { low: at(tail), high: at(1 - tail), level };
}

/** A sixth of the skewness of the jackknife's values, turned around. 0 where they do not vary. */
function acceleration(jackknife: Float64Array): number {
  const values = jackknife.filter((value) => !Number.isNaN(value));
  if (values.length < 3) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [squares, cubes] = [0, 0];
  for (const value of values) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares < 1e-24 ? 0 : cubes / (6 * squares ** 1.5);
}

/**
 * Every figure that has replicates. A calibration error is a sum of distances, which resampling only enlarges: corrected for that
 * its interval would not hold it, so it keeps the percentile interval.
 */
export function bcaIntervals(
  replicates: Replicates,
  jackknife: Replicates,
  estimate: (figure: FigureName) => number | undefined,
): Intervals {
  const entries = [...replicates].flatMap(([name, values]) => {
    const interval =
      name === 'calibrationError'
        ? percentileInterval(values)
        : bcaInterval(values, estimate(name), jackknife.get(name)!);
    return interval === undefined ? [] : [[name, interval] as const];
  });
  return Object.fromEntries(entries);
}
