/** @file The progress of a scan: functions, speed, time left. Pauses while something else is reported. */
import type { ScanProgress } from '../../scan/scan-files.ts';
import type { Reporter, RunningTask } from '../context.ts';

export interface PausableProgress {
  readonly update: (progress: ScanProgress) => void;
  /** Ends the task; the next update begins another one. */
  readonly pause: () => void;
}

export function scanProgress(report: Reporter): PausableProgress {
  let task: RunningTask | undefined;
  let first: { readonly done: number; readonly atMs: number } | undefined;
  return {
    update: ({ done, total }) => {
      first ??= { done, atMs: performance.now() };
      task ??= report.task({ label: 'scanning', total, unit: 'functions' });
      const seconds = (performance.now() - first.atMs) / 1000;
      task.update({
        done: Math.round(done),
        total,
        ...(seconds > 0 ? { functionsPerSecond: (done - first.done) / seconds } : {}),
        memoryBytes: process.memoryUsage.rss(),
      });
    },
    pause: () => {
      task?.stop();
      task = undefined;
      first = undefined;
    },
  };
}
