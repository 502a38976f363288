/** @file The context that the dataset builder put in front of functions, as their records say it. */
import type { DatasetRecord } from '../../dataset/record.ts';
import { z } from '../../schema/zod.ts';

const schema = z.looseObject({ kind: z.string().min(1).max(100) });

/** The kind that most records name; undefined where none does. */
export function contextOfRecords(records: readonly DatasetRecord[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { context } of records) {
    const read = context === undefined ? undefined : schema.safeParse(context);
    if (read?.success !== true) continue;
    const { kind } = read.data;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
