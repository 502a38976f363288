/** @file The scan's live line: functions, speed, time left. Can be taken away while something else is shown. */
import type { ScanProgress } from '../../scan/scan-files.ts';
import type { RunningTask } from '../../workflows/context.ts';
import { startProgress } from '../display/progress.ts';
import type { Terminal } from '../display/terminal.ts';

export interface PausableProgress {
  readonly update: (progress: ScanProgress) => void;
  /** Takes the line away; the next update brings it back. */
  readonly pause: () => void;
}

export function scanProgress(terminal: Terminal): PausableProgress {
  let line: RunningTask | undefined;
  let first: { readonly done: number; readonly atMs: number } | undefined;
  return {
    update: ({ done, total }) => {
      first ??= { done, atMs: performance.now() };
      line ??= startProgress({ label: 'scanning', total, unit: 'functions' }, terminal);
      const seconds = (performance.now() - first.atMs) / 1000;
      line.update({
        done: Math.round(done),
        total,
        ...(seconds > 0 ? { functionsPerSecond: (done - first.done) / seconds } : {}),
        memoryBytes: process.memoryUsage.rss(),
      });
    },
    pause: () => {
      line?.stop();
      line = undefined;
      first = undefined;
    },
  };
}
