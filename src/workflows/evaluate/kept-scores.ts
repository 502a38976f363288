/**
 * @file Raw scores in a file beside a run of all functions of a set, or of those that there was time for.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';

/** A function without a score yet has null. Each line carries a checksum. */
export function writeScores(path: string, records: readonly LabelledRecord[], scores: Float64Array): void {
  const lines = records.map((record, row) => {
    const score = Number.isNaN(scores[row]) ? null : scores[row]!;
    const id = record.id ?? row + 1;
    const { target } = record;
    return JSON.stringify({ id, raw_score: score, target, check: checksum(id, score, target) });
  });
  writeFileAtomic(path, `${lines.join('\n')}\n`);
}

/**
 * [N] NaN where no score is known: none was computed yet, or its line does not fit its checksum and is computed again. Undefined
 * when the file is absent, or has another number of lines than there are records.
 */
export function readScores(path: string, records: readonly LabelledRecord[]): Float64Array | undefined {
  if (!existsSync(path)) return undefined;
  const lines = readTextFile(path).trimEnd().split('\n');
  if (lines.length !== records.length) return undefined;
  return Float64Array.from(lines, (line, row) => {
    const kept = jsonOrUndefined(keptScore, line);
    const id = records[row]!.id ?? row + 1;
    if (kept === undefined || kept.id !== id || kept.target !== records[row]!.target) return Number.NaN;
    const isWhole = kept.check === checksum(id, kept.raw_score, kept.target);
    return (isWhole ? kept.raw_score : null) ?? Number.NaN;
  });
}

const keptScore = z.object({
  id: z.union([z.string(), z.number()]),
  raw_score: z.number().min(0).max(1).nullable(),
  target: z.literal([0, 1]),
  check: z.string(),
});

function checksum(id: string | number, score: number | null, target: number): string {
  return createHash('sha256')
    .update(JSON.stringify([id, score, target]))
    .digest('base64url')
    .slice(0, 12);
}

/** [rows without a score], in their order. */
export function unscoredRows(scores: Float64Array): number[] {
  return [...scores.keys()].filter((row) => Number.isNaN(scores[row]));
}

export interface ScoreRemainingOptions {
  /** Scores of these rows; throws when it is stopped. */
  readonly judge: (rows: readonly number[], onProgress: (done: number) => void) => Promise<ArrayLike<number>>;
  /** Called when there are new scores to keep: now and then, and in the end however that comes. */
  readonly keep: () => void;
  readonly onProgress: (done: number) => void;
  readonly rowsPerCall?: number;
}

/** What Ctrl-C may cost. In the file's order, where a function and its fix stand together and share their beginning. */
const ROWS_PER_CALL = 16;
/** What a crash may cost. */
const KEEP_EVERY_MS = 60_000;

/** Fills in the scores that are missing. What was found is kept when it is stopped half way. */
export async function scoreRemaining(
  scores: Float64Array,
  { judge, keep, onProgress, rowsPerCall = ROWS_PER_CALL }: ScoreRemainingOptions,
): Promise<void> {
  const missing = unscoredRows(scores);
  let keptAt = performance.now();
  let done = 0;
  let unkept = 0;
  try {
    while (done < missing.length) {
      const rows = missing.slice(done, done + rowsPerCall);
      const found = await judge(rows, (inCall) => onProgress(done + inCall));
      for (const [i, row] of rows.entries()) scores[row] = found[i]!;
      done += rows.length;
      unkept += rows.length;
      onProgress(done);
      if (performance.now() - keptAt < KEEP_EVERY_MS) continue;
      keep();
      keptAt = performance.now();
      unkept = 0;
    }
  } finally {
    if (unkept > 0) keep();
  }
}
