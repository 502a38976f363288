/** @file Jobs in a thread that can be ended: results, errors, limits, signals. */
import { expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { runBounded, streamBounded, type WorkerBounds } from '../../../src/workers/bounded-worker.ts';
import { COUNT, FAIL, HANG, HOARD, REJECT_LATER, TWICE } from './jobs.ts';

const bounds = (more: Partial<WorkerBounds> = {}): WorkerBounds => ({
  timeoutMs: 30_000,
  memoryMb: 64,
  onLimit: (limit) => new VultuneError('INPUT_LIMIT', `reached its limit: ${limit}`),
  ...more,
});

test('a job gives its result', async () => {
  expect(await runBounded(TWICE, 21, bounds())).toBe(42);
});

test('a stream gives its items in order', async () => {
  const items: number[] = [];
  for await (const item of streamBounded(COUNT, 5, bounds())) items.push(item);
  expect(items).toEqual([0, 1, 2, 3, 4]);
});

test('a long stream adds no listener with each item', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.name);
  process.on('warning', onWarning);
  let items = 0;
  for await (const _ of streamBounded(COUNT, 50, bounds())) items++;
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect({ items, warnings }).toEqual({ items: 50, warnings: [] });
});

test('a VultuneError arrives with its code, place and hint', async () => {
  const error = await runBounded(FAIL, 'x.parquet', bounds()).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(VultuneError);
  expect(error).toMatchObject({ code: 'TEST_BROKEN', where: { file: 'x.parquet' }, hint: 'a hint' });
});

test('a job that never ends is ended at its time limit', async () => {
  await expect(runBounded(HANG, null, bounds({ timeoutMs: 300 }))).rejects.toThrow(/time/);
});

test('a job that hangs is ended by the signal', async () => {
  const stop = new AbortController();
  const result = runBounded(HANG, null, bounds({ signal: stop.signal }));
  setTimeout(() => stop.abort(), 100);
  await expect(result).rejects.toThrow(/abort/i);
});

test('a job that fills the heap reaches the memory limit', async () => {
  await expect(runBounded(HOARD, null, bounds())).rejects.toThrow(/memory/);
});

test('an unhandled rejection in the thread is a crash of the thread alone', async () => {
  await expect(runBounded(REJECT_LATER, null, bounds())).rejects.toThrow(/crash/);
});
