/** @file The context that the dataset builder put in front of functions, as their records say it. */
import type { DatasetRecord } from '../../dataset/record.ts';
import { z } from '../../schema/zod.ts';

const schema = z.looseObject({
  kind: z.string().min(1).max(100),
  maxTokens: z.int().positive().max(10_000_000).optional(),
});

export interface RecordContext {
  /** `callees`, for example: that this version builds such a context is not checked here. */
  readonly kind: string;
  /** Words and signs of a context at most; undefined in data of an earlier version. */
  readonly maxTokens: number | undefined;
}

/** The kind and limit that most records name; undefined where none does. */
export function contextOfRecords(records: readonly DatasetRecord[]): RecordContext | undefined {
  const counts = new Map<string, { readonly context: RecordContext; records: number }>();
  for (const { context } of records) {
    const read = context === undefined ? undefined : schema.safeParse(context);
    if (read?.success !== true) continue;
    const { kind, maxTokens } = read.data;
    const key = JSON.stringify([kind, maxTokens]);
    const entry = counts.get(key) ?? { context: { kind, maxTokens }, records: 0 };
    counts.set(key, entry);
    entry.records++;
  }
  return [...counts.values()].sort((a, b) => b.records - a.records)[0]?.context;
}
