/** @file Progress of a command that reads a dataset from end to end. Knows nothing of what it does with the records. */
import type { ReadProgress } from '../../dataset/check/read-parts.ts';
import type { RunningTask } from '../../workflows/context.ts';
import { formatCount } from './numbers.ts';
import { startProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface ReadingProgress {
  readonly onProgress: (progress: ReadProgress) => void;
  /** Takes the line away, if there is one. Safe to call twice. */
  stop(): void;
}

/** Nothing is shown for what is read in a moment. */
export function readingProgress(
  terminal: Terminal,
  { showAfterMs = 500, label = 'reading' }: { readonly showAfterMs?: number; readonly label?: string } = {},
): ReadingProgress {
  const startedAt = Date.now();
  let progress: RunningTask | undefined;
  return {
    onProgress({ records, bytes, totalBytes }) {
      if (progress === undefined && Date.now() - startedAt < showAfterMs) return;
      progress ??= startProgress({ label, unit: 'bytes', total: totalBytes }, terminal);
      progress.update({ done: bytes, phase: `${formatCount(records)} functions` });
    },
    stop: () => progress?.stop(),
  };
}
