/** @file The progress of scoring functions, with the speed so far. */
import { startProgress } from '../display/progress.ts';
import type { Terminal } from '../display/terminal.ts';

/** Shows a line while `work` runs, and takes it away however that ends. */
export async function withScoringProgress<T>(
  label: string,
  total: number | undefined,
  terminal: Terminal,
  work: (onProgress: (done: number) => void) => Promise<T>,
): Promise<T> {
  const progress = startProgress({ label, total, unit: 'functions' }, terminal);
  const started = performance.now();
  try {
    return await work((done) => {
      const seconds = (performance.now() - started) / 1000;
      progress.update({
        done,
        functionsPerSecond: done / seconds,
        memoryBytes: process.memoryUsage.rss(),
      });
    });
  } finally {
    progress.stop();
  }
}
