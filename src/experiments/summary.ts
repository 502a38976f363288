/** @file The figures of one row and column over its seeds → mean, extremes and a 95 % interval. */
import { tQuantile975 } from './t-quantile.ts';

/** What one run says. */
export interface CellFigure {
  readonly value: number;
  /** 95 %, by the bootstrap over the run's functions. */
  readonly interval?: readonly [low: number, high: number] | undefined;
}

export interface Summary {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly seeds: number;
  readonly interval: readonly [low: number, high: number] | undefined;
  /** What the interval is over: Student's t over seeds, or one run's functions. */
  readonly intervalOver: 'seeds' | 'functions' | undefined;
  /** Variance of a single value, over seeds; undefined with one. */
  readonly variance: number | undefined;
}

/** Undefined where no seed has a figure. @param range what the figure can be at all: the interval ends there */
export function summarise(
  figures: readonly CellFigure[],
  range: readonly [low: number, high: number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): Summary | undefined {
  const values = figures.map(({ value }) => value);
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const base = { mean, min: Math.min(...values), max: Math.max(...values), seeds: n };
  if (n === 1) {
    const { interval } = figures[0]!;
    return { ...base, interval, intervalOver: interval && 'functions', variance: undefined };
  }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = tQuantile975(n - 1) * Math.sqrt(variance / n);
  const interval = [Math.max(range[0], mean - half), Math.min(range[1], mean + half)] as const;
  return { ...base, interval, intervalOver: 'seeds', variance };
}
