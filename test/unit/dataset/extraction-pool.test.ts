/** @file Jobs on source text, run in this process; workers need compiled modules and are checked by the real tests. */
import { expect, test } from 'vitest';
import { createExtractionPool, type PoolJob } from '../../../src/dataset/functions/extraction-pool.ts';

const twice: PoolJob<number, number> = {
  url: import.meta.url,
  name: 'double',
  run: (input) => input * 2,
};

test('functions of a source, jobs of any kind, one after another in this process', async () => {
  const pool = createExtractionPool({ threads: 0 });
  const found = await pool.extract('const f = () => 1;\nfunction g() {}', 'javascript');
  expect(found.map((entry) => entry.qualifiedName)).toEqual(['f', 'g']);
  expect(pool.concurrency).toBe(1);
  expect(await Promise.all([1, 2, 3].map((n) => pool.run(twice, n)))).toEqual([2, 4, 6]);
  await pool.close();
});

test('a signal that fired before its turn drops the job', async () => {
  const pool = createExtractionPool({ threads: 0 });
  const stop = new AbortController();
  const result = pool.run(twice, 1, stop.signal);
  stop.abort();
  await expect(result).rejects.toThrow(/abort/i);
});
