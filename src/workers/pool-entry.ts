/** @file The program of a pool's threads: loads the job that each input names and runs it. Started by bounded-pool.ts alone. */
import { type ClonedError, cloneError } from './worker-errors.ts';
import type { WorkerJob } from './worker-job.ts';

export interface PooledJob {
  readonly url: string;
  readonly name: string;
  readonly input: unknown;
}

export type PooledAnswer = { readonly output: unknown } | { readonly error: ClonedError };

export async function runPooled({ url, name, input }: PooledJob): Promise<PooledAnswer> {
  try {
    const module = (await import(url)) as Record<string, WorkerJob<unknown, unknown>['run']>;
    return { output: await module[name]!(input) };
  } catch (error) {
    return { error: cloneError(error) };
  }
}
