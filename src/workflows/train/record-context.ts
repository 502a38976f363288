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

/** Undefined where a record does not say that it has one. */
function contextOf({ context }: DatasetRecord): RecordContext | undefined {
  const read = context === undefined ? undefined : schema.safeParse(context);
  return read?.success === true ? { kind: read.data.kind, maxTokens: read.data.maxTokens } : undefined;
}

/** How many records do not say that they have a context of this kind. */
export const countWithoutContext = (records: readonly DatasetRecord[], kind: string): number =>
  records.filter((record) => contextOf(record)?.kind !== kind).length;

/** The kind and limit that most records name; undefined where none does. */
export function contextOfRecords(records: readonly DatasetRecord[]): RecordContext | undefined {
  const counts = new Map<string, { readonly context: RecordContext; records: number }>();
  for (const record of records) {
    const context = contextOf(record);
    if (context === undefined) continue;
    const key = JSON.stringify([context.kind, context.maxTokens]);
    const entry = counts.get(key) ?? { context, records: 0 };
    counts.set(key, entry);
    entry.records++;
  }
  return [...counts.values()].sort((a, b) => b.records - a.records)[0]?.context;
}
