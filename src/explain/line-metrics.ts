/**
 * @file How well scores of lines point at the lines that a fix changed: LineVul's measures (Fu and Tantithamthavorn,
 * MSR 2022), with intervals, and two rankings without a model to stand beside. Knows scores and line numbers alone.
 */
import { randomStream } from '../base/random.ts';
import type { Clusters } from '../evaluation/resampling/clusters.ts';
import { type Interval, percentileInterval } from '../evaluation/resampling/intervals.ts';
import { linesOf } from './line-scores.ts';

export interface LineMeasures {
  /** Share of functions with a changed line among the first k. */
  readonly top1: number;
  readonly top5: number;
  readonly top10: number;
  /** Mean number of other lines ahead of the first changed one (initial false alarm). */
  readonly initialFalseAlarm: number;
}

export interface MarkedFunction {
  readonly code: string;
  /** 1-based, at least one of them not blank. */
  readonly changed: readonly number[];
}

/** Orders over which `randomLineRanks` is averaged. */
export const RANDOM_ORDERS = 20;

/**
 * [functions] how many other lines stand ahead of the first changed one. Lines are ranked by score, highest first, ties
 * in the order of the text; blank lines are not candidates. NaN where no changed line is a candidate.
 * @param scores [functions][lines]; -Infinity for lines that were not read: they come last
 */
export function lineRanks(
  functions: readonly MarkedFunction[],
  scores: readonly ArrayLike<number>[],
): Float64Array {
  return Float64Array.from(functions, ({ code, changed }, i) => {
    const wanted = new Set(changed.map((line) => line - 1));
    const rank = ranking(code, scores[i]!).findIndex((line) => wanted.has(line));
    return rank < 0 ? Number.NaN : rank;
  });
}

/** [orders][functions] ranks in orders that the seed draws. */
export function randomLineRanks(functions: readonly MarkedFunction[], seed: number): Float64Array[] {
  return Array.from({ length: RANDOM_ORDERS }, (_, order) => {
    const scores = functions.map(({ code }, i) =>
      randomStream(seed, `lines ${order}`, i).shuffle([...linesOf(code).keys()]),
    );
    return lineRanks(functions, scores);
  });
}

/** [functions] ranks when the longer line comes first. */
export function longestLineRanks(functions: readonly MarkedFunction[]): Float64Array {
  const scores = functions.map(({ code }) => linesOf(code).map((line) => line.trim().length));
  return lineRanks(functions, scores);
}

export const LINE_MEASURES = [
  'top1',
  'top5',
  'top10',
  'initialFalseAlarm',
] as const satisfies readonly (keyof LineMeasures)[];

const OF_RANK: Readonly<Record<keyof LineMeasures, (rank: number) => number>> = {
  top1: (rank) => Number(rank < 1),
  top5: (rank) => Number(rank < 5),
  top10: (rank) => Number(rank < 10),
  initialFalseAlarm: (rank) => rank,
};

/** The measures of one ranking, or their mean over several. @param rankings [rankings][functions] */
export function lineMeasures(rankings: readonly Float64Array[]): LineMeasures {
  return measured((name) => {
    const values = valuesOf(name, rankings);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}

export type LineIntervals = Readonly<Record<keyof LineMeasures, Interval | undefined>>;

const RESAMPLES = 2000;

/**
 * 95 % percentile intervals of each measure's difference to that of another ranking (or rankings, averaged) of the same
 * functions. Clusters are drawn, not functions. Undefined for fewer than two clusters.
 */
export function lineDifferences(
  rankings: readonly Float64Array[],
  others: readonly Float64Array[],
  { count, of }: Clusters,
  seed: number,
): LineIntervals {
  const members = Array.from({ length: count }, (): number[] => []);
  for (const [row, cluster] of of.entries()) members[cluster]!.push(row);
  const draws = Array.from({ length: RESAMPLES }, (_, resample) => {
    const random = randomStream(seed, 'line resamples', resample);
    return members.flatMap(() => members[random.integer(count)]!);
  });
  return measured((name) => {
    const other = valuesOf(name, others);
    const differences = valuesOf(name, rankings).map((value, row) => value - other[row]!);
    const means = draws.map((rows) => rows.reduce((sum, row) => sum + differences[row]!, 0) / rows.length);
    return count < 2 ? undefined : percentileInterval(Float64Array.from(means));
  });
}

/** [functions] the mean over the rankings. */
function valuesOf(name: keyof LineMeasures, rankings: readonly Float64Array[]): Float64Array {
  const functions = rankings[0]!.length;
  return Float64Array.from({ length: functions }, (_, row) => {
    const sum = rankings.reduce((total, ranks) => total + OF_RANK[name](ranks[row]!), 0);
    return sum / rankings.length;
  });
}

function measured<T>(of: (name: keyof LineMeasures) => T): Record<keyof LineMeasures, T> {
  return {
    top1: of('top1'),
    top5: of('top5'),
    top10: of('top10'),
    initialFalseAlarm: of('initialFalseAlarm'),
  };
}

function ranking(code: string, scores: ArrayLike<number>): number[] {
  const lines = linesOf(code);
  return [...lines.keys()]
    .filter((line) => lines[line]!.trim() !== '')
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
}
