/**
 * @file The schema of a run's metrics.json, as far as a page is made of it. Nearly every field may be missing, so that an older file
 * still gives a page; one that is there has its type.
 */
import { z } from '../../schema/zod.ts';

const figures = z.record(z.string(), z.number().nullable());
const intervals = z.record(z.string(), z.tuple([z.number(), z.number()]));

const storedRow = z.looseObject({
  label: z.string().optional(),
  metrics: figures.optional(),
  intervals: intervals.optional(),
  note: z.string().optional(),
});

const storedSet = z.looseObject({
  threshold: z.number().min(0).max(1).optional(),
  metrics: figures.optional(),
  baselines: z.record(z.string(), storedRow).optional(),
  blend: storedRow.optional(),
  intervals: intervals.optional(),
  shortfalls: z
    .array(
      z.looseObject({
        baseline: z.string().optional(),
        metric: z.string().optional(),
        kind: z.string().optional(),
        sentence: z.string(),
      }),
    )
    .optional(),
});

const count = z.int().min(0);
const storedTruncation = z.looseObject({
  functions: count,
  truncated: count,
  pairs: count,
  identical_pairs: count,
  left_out: count,
});

export const storedMetrics = z.looseObject({
  valid: storedSet.optional(),
  test: storedSet.optional(),
  blend: z.looseObject({ used: z.boolean().optional() }).nullish(),
  truncation: z.record(z.string(), storedTruncation).nullish(),
});

export type StoredMetrics = z.output<typeof storedMetrics>;
export type StoredTruncation = z.output<typeof storedTruncation>;
export type StoredSet = z.output<typeof storedSet>;
export type StoredRow = z.output<typeof storedRow>;
