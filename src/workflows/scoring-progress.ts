/** @file The progress of scoring functions, with the speed so far. */
import type { Reporter } from './context.ts';

/** Reports a task while `work` runs, and ends it however that ends. */
export async function withScoringProgress<T>(
  label: string,
  total: number | undefined,
  report: Reporter,
  work: (onProgress: (done: number) => void) => Promise<T>,
): Promise<T> {
  const task = report.task({ label, total, unit: 'functions' });
  const started = performance.now();
  try {
    return await work((done) => {
      const seconds = (performance.now() - started) / 1000;
      task.update({
        done,
        functionsPerSecond: done / seconds,
        memoryBytes: process.memoryUsage.rss(),
      });
    });
  } finally {
    task.stop();
  }
}
