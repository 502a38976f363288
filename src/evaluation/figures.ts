/**
 * @file Every figure that gets an interval, in one list: the metrics of the registry and what is counted over pairs and sets.
 * Computes one on resampled functions; how they are resampled is not decided here.
 */
import type { RankedScores } from './metrics/ranked-scores.ts';
import {
  computeMetric,
  type Metric,
  type MetricName,
  metricNames,
  metricRegistry,
} from './metrics/registry.ts';
import type { CompletePairs, PairOutcome, PairVerdict, PairwiseResult } from './pairs.ts';
import { pairOutcomes } from './pairs.ts';
import { type UnrelatedRanking, type UnrelatedSets, unrelatedRanking } from './unrelated.ts';

export type PairFigure = PairOutcome | 'pairRanking';

export type FigureName = MetricName | PairFigure | 'unrelatedRanking';

export const pairFigures: readonly PairFigure[] = [...pairOutcomes, 'pairRanking'];

export const figureNames: readonly FigureName[] = [...metricNames, ...pairFigures, 'unrelatedRanking'];

export interface FigureHeading {
  readonly label: string;
  readonly better: 'higher' | 'lower';
}

export function figureHeading(name: FigureName): FigureHeading {
  if (name === 'pairRanking') return { label: 'V2P (own fix)', better: 'higher' };
  if (name === 'unrelatedRanking') return { label: 'V2N (unrelated)', better: 'higher' };
  if (isPairFigure(name)) return { label: name, better: name === 'P-C' ? 'higher' : 'lower' };
  const { label, better }: Metric = metricRegistry[name];
  return { label, better };
}

/** One scored set of functions, or one resample of it. */
export interface FigureSubject {
  readonly ranked: RankedScores;
  readonly threshold: number;
  readonly pairs: WeighedPairs | undefined;
  readonly unrelated: UnrelatedSets | undefined;
}

export interface WeighedPairs {
  readonly places: CompletePairs;
  readonly verdicts: readonly PairVerdict[];
  /** [pairs] how often each counts. */
  readonly counts: Float64Array;
}

/** NaN where it is not defined: replicates are kept in arrays of numbers. */
export function computeFigure(
  name: FigureName,
  { ranked, threshold, pairs, unrelated }: FigureSubject,
): number {
  if (name === 'unrelatedRanking') {
    return unrelated === undefined ? Number.NaN : unrelatedRanking(unrelated, ranked).rocAuc;
  }
  if (!isPairFigure(name)) return computeMetric(name, ranked, threshold) ?? Number.NaN;
  if (pairs === undefined) return Number.NaN;
  let [hits, all] = [0, 0];
  pairs.verdicts.forEach(({ outcome, order }, p) => {
    all += pairs.counts[p]!;
    if (name === 'pairRanking' ? order > 0 : outcome === name) hits += pairs.counts[p]!;
  });
  return all === 0 ? Number.NaN : hits / all;
}

/** The figures of a result as it holds them; an undefined one is left out. */
export function figureValue(
  result: {
    readonly metrics: Readonly<Record<MetricName, number | undefined>>;
    readonly pairs: PairwiseResult | undefined;
    readonly unrelated: UnrelatedRanking | undefined;
  },
  name: FigureName,
): number | undefined {
  if (name === 'pairRanking') return result.pairs?.rankingAccuracy;
  if (name === 'unrelatedRanking') return result.unrelated?.rocAuc;
  if (isPairFigure(name)) return result.pairs?.fractions?.[name];
  return result.metrics[name];
}

export function isPairFigure(name: FigureName): name is PairFigure {
  return (pairFigures as readonly string[]).includes(name);
}
