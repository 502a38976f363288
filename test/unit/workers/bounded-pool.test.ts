/** @file Many jobs in threads that can be ended: what reaches a limit is refused, the others go on. */
import { expect, onTestFinished, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { type BoundedPoolOptions, createBoundedPool } from '../../../src/workers/bounded-pool.ts';
import { FAIL, HANG, HOARD, REJECT_LATER, TWICE } from './jobs.ts';

function pool(more: Partial<BoundedPoolOptions> = {}) {
  const made = createBoundedPool({
    threads: 1,
    timeoutMs: 30_000,
    memoryMb: 64,
    onLimit: (limit) => new VultuneError('INPUT_LIMIT', `reached its limit: ${limit}`),
    ...more,
  });
  onTestFinished(() => made.close());
  return made;
}

test('jobs give their results, more of them than there are threads', async () => {
  const jobs = pool();
  expect(await Promise.all([1, 2, 3].map((n) => jobs.run(TWICE, n)))).toEqual([2, 4, 6]);
});

test('a VultuneError arrives with its code, place and hint', async () => {
  const error = await pool()
    .run(FAIL, 'x.c')
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'TEST_BROKEN', where: { file: 'x.c' }, hint: 'a hint' });
});

test('a job that never ends is refused and the next one runs', async () => {
  const jobs = pool({ timeoutMs: 3_000 });
  const hang = jobs.run(HANG, null);
  const next = jobs.run(TWICE, 21);
  await expect(hang).rejects.toThrow(/time/);
  expect(await next).toBe(42);
});

test('a job that fills the heap is refused and the next one runs', async () => {
  const jobs = pool();
  await expect(jobs.run(HOARD, null)).rejects.toThrow(/memory/);
  expect(await jobs.run(TWICE, 21)).toBe(42);
});

test('an unhandled rejection in a thread ends that job alone', async () => {
  const jobs = pool();
  await expect(jobs.run(REJECT_LATER, null)).rejects.toThrow(/crash/);
  expect(await jobs.run(TWICE, 21)).toBe(42);
});

test('the signal cuts off a job that hangs and drops those that wait', async () => {
  const jobs = pool();
  const stop = new AbortController();
  const results = [jobs.run(HANG, null, stop.signal), jobs.run(TWICE, 1, stop.signal)];
  setTimeout(() => stop.abort(), 200);
  for (const result of await Promise.allSettled(results)) expect(result.status).toBe('rejected');
  expect(await jobs.run(TWICE, 21)).toBe(42);
});

test('threads that cannot start are an error at once, and no wait for the time limit', async () => {
  const jobs = pool({ threads: 2, memoryMb: 1 });
  // Each of the first two threads may have been handed a job before it fails.
  for (const input of [1, 2]) await jobs.run(TWICE, input).catch(() => undefined);
  await expect(jobs.run(TWICE, 3)).rejects.toThrow('worker threads do not start');
});
