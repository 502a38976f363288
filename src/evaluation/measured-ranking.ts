/** @file How well a detector ranks functions that it was not trained on, as it is kept with the adapter. */
import { z } from '../schema/zod.ts';
import type { EvaluationRow } from './evaluation-row.ts';

export interface MeasuredRanking {
  /** `valid` chose the checkpoint and the threshold, and flatters. */
  readonly split: 'valid' | 'test';
  readonly functions: number;
  readonly rocAuc: number;
  /** 95 % bootstrap interval of it. */
  readonly low: number;
  readonly high: number;
}

const share = z.number().min(0).max(1);

export const measuredRankingSchema = z
  .object({
    split: z.enum(['valid', 'test']),
    functions: z.int().positive(),
    rocAuc: share,
    low: share,
    high: share,
  })
  .refine(({ low, high }) => low <= high, { message: 'its interval has "low" above "high"' });

/** Undefined where it could not be measured: all functions have one label. */
export function measuredRanking(
  split: MeasuredRanking['split'],
  { result, intervals }: Pick<EvaluationRow, 'result' | 'intervals'>,
): MeasuredRanking | undefined {
  const { rocAuc } = result.metrics;
  const interval = intervals?.rocAuc;
  if (rocAuc === undefined || interval === undefined) return undefined;
  return { split, functions: result.n, rocAuc, low: interval.low, high: interval.high };
}
