/** @file Jobs for the tests of bounded workers: loaded in their threads. */
import { VultuneError } from '../../../src/base/errors.ts';
import type { WorkerJob, WorkerStream } from '../../../src/workers/worker-job.ts';

const url = import.meta.url;

export const twice = (input: number): number => input * 2;
export const TWICE: WorkerJob<number, number> = { url, name: 'twice', run: twice };

export async function* count(until: number): AsyncGenerator<number> {
  for (let i = 0; i < until; i++) yield i;
}
export const COUNT: WorkerStream<number, number> = { url, name: 'count', run: count };

export function fail(file: string): never {
  throw new VultuneError('TEST_BROKEN', 'broken', { where: { file }, hint: 'a hint' });
}
export const FAIL: WorkerJob<string, never> = { url, name: 'fail', run: fail };

export function hang(): never {
  for (;;);
}
export const HANG: WorkerJob<null, never> = { url, name: 'hang', run: hang };

export function hoard(): never {
  const held: number[][] = [];
  for (;;) held.push(new Array<number>(100_000).fill(held.length));
}
export const HOARD: WorkerJob<null, never> = { url, name: 'hoard', run: hoard };

export async function rejectLater(): Promise<void> {
  void Promise.reject(new Error('nobody listens'));
  await new Promise((resolve) => setTimeout(resolve, 10_000));
}
export const REJECT_LATER: WorkerJob<null, void> = { url, name: 'rejectLater', run: rejectLater };
