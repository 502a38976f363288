/** @file The progress of reading a dataset from end to end. */
import { formatCount } from '../base/numbers.ts';
import type { ReadProgress } from '../dataset/formats/read-parts.ts';
import type { Reporter, RunningTask } from './context.ts';

export interface ReadingProgress {
  readonly onProgress: (progress: ReadProgress) => void;
  /** Ends the task, if there is one. Safe to call twice. */
  stop(): void;
}

/** Nothing is reported for what is read in a moment. */
export function readingProgress(
  report: Reporter,
  { showAfterMs = 500, label = 'reading' }: { readonly showAfterMs?: number; readonly label?: string } = {},
): ReadingProgress {
  const startedAt = Date.now();
  let task: RunningTask | undefined;
  return {
    onProgress({ records, bytes, totalBytes }) {
      if (task === undefined && Date.now() - startedAt < showAfterMs) return;
      task ??= report.task({ label, unit: 'bytes', total: totalBytes });
      task.update({ done: bytes, phase: `${formatCount(records)} functions` });
    },
    stop: () => task?.stop(),
  };
}
