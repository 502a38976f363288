/**
 * @file Raw scores in a file beside a run: of all functions of a set, or of as many as there was time for. Knows nothing of
 * models.
 */
import { existsSync } from 'node:fs';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import type { LabelledRecord } from '../../dataset/record.ts';

/** A function without a score yet has null. */
export function writeScores(path: string, records: readonly LabelledRecord[], scores: Float64Array): void {
  const lines = records.map(({ id, target }, i) =>
    JSON.stringify({ id: id ?? i + 1, raw_score: Number.isNaN(scores[i]) ? null : scores[i], target }),
  );
  writeFileAtomic(path, `${lines.join('\n')}\n`);
}

/** [N] NaN where no score is known yet. Undefined when the file is absent, or is not of these records. */
export function readScores(path: string, records: readonly LabelledRecord[]): Float64Array | undefined {
  if (!existsSync(path)) return undefined;
  const lines = readTextFile(path).trimEnd().split('\n');
  if (lines.length !== records.length) return undefined;
  const scores = new Float64Array(lines.length);
  for (const [i, line] of lines.entries()) {
    let entry: { readonly score?: unknown; readonly raw_score?: unknown; readonly target?: unknown };
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch {
      return undefined; // torn or edited: scored again
    }
    const score = entry.raw_score === null ? Number.NaN : (entry.raw_score ?? entry.score);
    if (typeof score !== 'number' || entry.target !== records[i]!.target) return undefined;
    scores[i] = score;
  }
  return scores;
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
