/** @file The progress of scoring functions, with the speed so far. */
import type { Reporter } from './context.ts';

/** Reports a task while `work` runs, and ends it however that ends. `work` may say another total once it knows better. */
export async function withScoringProgress<T>(
  label: string,
  total: number | undefined,
  report: Reporter,
  work: (onProgress: (done: number, total?: number) => void) => Promise<T>,
): Promise<T> {
  const task = report.task({ label, total, unit: 'functions' });
  const started = performance.now();
  try {
    return await work((done, totalNow = total) => {
      const seconds = (performance.now() - started) / 1000;
      task.update({
        done,
        ...(totalNow === undefined ? {} : { total: totalNow }),
        functionsPerSecond: done / seconds,
        memoryBytes: process.memoryUsage.rss(),
      });
    });
  } finally {
    task.stop();
  }
}
