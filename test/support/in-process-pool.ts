/** @file Jobs on source text in the test's own process, one at a time: threads take longer to start than a test's jobs take. */
import type { ExtractionPool } from '../../src/source/extraction-pool.ts';

export function inProcessPool(): ExtractionPool {
  return {
    concurrency: 1,
    async run(job, input, signal) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      return job.run(input);
    },
    close: async () => undefined,
  };
}
