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

const share = z.number().min(0).max(1);
const cweFigures = { top1: share, top3: share, macro_f1: share };
const storedCwe = z.looseObject({
  functions: count,
  outside_classes: count,
  without_cwe: count,
  ...cweFigures,
  intervals,
  majority: z.looseObject({ cwe: z.string(), ...cweFigures }),
  by_cwe: z.array(z.looseObject({ cwe: z.string(), functions: count, top1: share, top3: share, f1: share })),
});

export const storedMetrics = z.looseObject({
  valid: storedSet.optional(),
  test: storedSet.optional(),
  /** Answers of a model that was asked that say neither yes nor no. */
  prompt: z.looseObject({ unclassified: count.optional() }).optional(),
  blend: z.looseObject({ used: z.boolean().optional() }).nullish(),
  truncation: z.record(z.string(), storedTruncation).nullish(),
  cwe: z
    .looseObject({ used: z.boolean(), valid: storedCwe.optional(), test: storedCwe.optional() })
    .optional(),
});

export type StoredMetrics = z.output<typeof storedMetrics>;
export type StoredSet = z.output<typeof storedSet>;
export type StoredRow = z.output<typeof storedRow>;
