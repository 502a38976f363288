/** @file Replicates of figures → intervals, and the difference of two subjects with the chance that it is noise. */
import { computeFigure, type FigureName, figureNames } from '../figures.ts';
import { leaveOut, type ResampleOptions, resample, type ScoredSubject } from './resample.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** 0.95. */
  readonly level: number;
}

/** Whether an interval of a ROC AUC leaves room for scores that rank as a coin does, or worse. */
export const holdsChance = ({ low }: Pick<Interval, 'low'>): boolean => low <= 0.5;

/** By figure, [resamples] its value in each; NaN where the resample has none, as the ROC AUC of one class. */
export type Replicates = ReadonlyMap<FigureName, Float64Array>;

export const LEVEL = 0.95;
/** With fewer resamples than this that have a value at all, an interval would pretend. */
const LEAST_SHARE = 0.5;

/** Deletions of a jackknife: with more clusters than this they are left out in groups. */
const MOST_GROUPS = 200;

/** One map per subject: every figure without each group of clusters in turn. */
export function jackknifeReplicates(
  subjects: readonly ScoredSubject[],
  {
    clusters,
    figures = figureNames,
  }: Pick<ResampleOptions, 'clusters'> & { readonly figures?: readonly FigureName[] },
): Replicates[] {
  const groups = Math.min(clusters.count, MOST_GROUPS);
  const replicates = subjects.map(
    () => new Map(figures.map((name) => [name, new Float64Array(groups)] as const)),
  );
  leaveOut(subjects, clusters, groups, (group, subject, rest) => {
    for (const [name, values] of replicates[subject]!) values[group] = computeFigure(name, rest);
  });
  return replicates;
}

/** One map per subject, of the same resamples: entry r of one and of another belong together. */
export async function bootstrapReplicates(
  subjects: readonly ScoredSubject[],
  options: ResampleOptions & {
    readonly figures?: readonly FigureName[] | undefined;
    readonly resamples: number;
  },
): Promise<Replicates[]> {
  const { figures = figureNames, resamples } = options;
  const replicates = subjects.map(
    () => new Map(figures.map((name) => [name, new Float64Array(resamples)] as const)),
  );
  await resample(
    subjects,
    (r, subject, resampled) => {
      for (const [name, values] of replicates[subject]!) values[r] = computeFigure(name, resampled);
    },
    options,
  );
  return replicates;
}

/**
 * Percentile interval, quantiles interpolated linearly as NumPy does: scipy.stats.bootstrap(method='percentile').
 * `undefined` when most resamples have no value.
 */
export function percentileInterval(replicates: Float64Array, level = LEVEL): Interval | undefined {
  const sorted = usable(replicates);
  if (sorted === undefined) return undefined;
  const tail = (1 - level) / 2;
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), level };
}

/** Ascending, without the resamples that have no value; `undefined` when those are most. */
export function usable(replicates: Float64Array): Float64Array | undefined {
  const sorted = replicates.filter((value) => !Number.isNaN(value)).sort();
  return sorted.length === 0 || sorted.length < LEAST_SHARE * replicates.length ? undefined : sorted;
}

/** The quantile of sorted values, interpolated between the two nearest (numpy.quantile, method='linear'). */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

export type Intervals = Readonly<Partial<Record<FigureName, Interval>>>;

export function intervalsOf(replicates: Replicates, level = LEVEL): Intervals {
  const entries = [...replicates].flatMap(([name, values]) => {
    const interval = percentileInterval(values, level);
    return interval === undefined ? [] : [[name, interval] as const];
  });
  return Object.fromEntries(entries);
}

export interface PairedDifference {
  /** Interval of first minus second. */
  readonly interval: Interval;
  /** Two-sided: how often resamples fall on the other side of zero, twice, never below 1 / (resamples + 1). */
  readonly pValue: number;
}

/** Paired bootstrap of first minus second. `undefined` when most resamples have no value. */
export function pairedDifference(
  first: Float64Array,
  second: Float64Array,
  level = LEVEL,
): PairedDifference | undefined {
  const differences = first.map((value, r) => value - second[r]!);
  const interval = percentileInterval(differences, level);
  if (interval === undefined) return undefined;
  const defined = differences.filter((value) => !Number.isNaN(value));
  const atMost = defined.filter((value) => value <= 0).length;
  const atLeast = defined.filter((value) => value >= 0).length;
  // + 1: the observed data are one of the possible resamples (Davison and Hinkley 1997, section 4.2).
  const pValue = Math.min(1, (2 * (Math.min(atMost, atLeast) + 1)) / (defined.length + 1));
  return { interval, pValue };
}
