/** @file Foreign source texts in threads that can be ended: their functions, or why they were refused. */
import { expect, onTestFinished, test } from 'vitest';
import { EXTRACTION_JOB, functionsOfSource } from '../../../src/source/extraction-job.ts';
import { createExtractionPool } from '../../../src/source/extraction-pool.ts';
import { refusalReason } from '../../../src/source/source-refusal.ts';
import { HANG } from '../workers/jobs.ts';

test('a source gives its functions', async () => {
  const source = 'const f = () => 1;\nfunction g() {}';
  const { functions, refused } = await functionsOfSource({ source, language: 'javascript' });
  expect(functions.map((entry) => entry.qualifiedName)).toEqual(['f', 'g']);
  expect(refused).toBeUndefined();
});

test('a source that takes too long is refused in words for a notice, and the pool goes on', async () => {
  const pool = createExtractionPool({ threads: 1, timeoutMs: 5_000 });
  onTestFinished(() => pool.close());
  const error = await pool.run(HANG, null).catch((cause: unknown) => cause);
  expect(refusalReason(error)).toBe('took too long to parse');
  const { functions } = await pool.run(EXTRACTION_JOB, { source: 'def f():\n  pass', language: 'python' });
  expect(functions).toHaveLength(1);
});
