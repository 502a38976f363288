/** @file One row of a comparison: a model or a baseline with its metrics. A shape only. */
import type { EvaluationResult } from './evaluate.ts';
import type { Intervals } from './resampling/intervals.ts';

export interface EvaluationRow {
  /** Stable key: `model`, a baseline's name, or `blend`. */
  readonly name: string;
  readonly label: string;
  /** Where the row's threshold comes from. */
  readonly thresholdFrom: (typeof THRESHOLD_SOURCES)[number];
  readonly result: EvaluationResult;
  /** [N] */
  readonly scores: ArrayLike<number>;
  readonly intervals?: Intervals;
  readonly note?: string;
  /** Whether scans and predictions use it; only of a blend. */
  readonly isUsed?: boolean;
}

/** `adapter` is the one stored with it, `given` what the user asked for. */
export const THRESHOLD_SOURCES = ['given', 'adapter', 'fixed', 'validation', 'training'] as const;
