/**
 * @file Worker threads for many jobs on input that nobody vouches for: each job has a time limit that begins when its
 * turn comes, each thread a heap limit. A thread whose job reaches a limit is replaced; the others go on.
 */
import { Piscina } from 'piscina';
import type { WorkerLimit } from './bounded-worker.ts';
import type { PooledAnswer, PooledJob } from './pool-entry.ts';
import { reviveError } from './worker-errors.ts';
import type { WorkerJob } from './worker-job.ts';

export interface BoundedPoolOptions {
  readonly threads: number;
  /** The time limit of one job, including the start of its thread where none runs yet. */
  readonly timeoutMs: number;
  /** JavaScript heap of a thread. */
  readonly memoryMb: number;
  /** The error to throw when a job reaches a limit. */
  readonly onLimit: (limit: WorkerLimit, cause?: unknown) => Error;
  /** Threads without a job end after this; default: they stay until `close`. */
  readonly idleMs?: number;
}

export interface BoundedPool {
  /** Jobs that run at once; give the pool a few more than this, not a whole data set. */
  readonly concurrency: number;
  /**
   * @throws what the job throws (a `VultuneError` arrives as one), `onLimit`, or the signal's reason: then what waits
   * is dropped and what runs is cut off. Where threads do not start at all, an error that says so, at once.
   */
  run<Input, Output>(job: WorkerJob<Input, Output>, input: Input, signal?: AbortSignal): Promise<Output>;
  /** Ends the threads. Jobs under way are dropped. */
  close(): Promise<void>;
}

export function createBoundedPool(options: BoundedPoolOptions): BoundedPool {
  const { threads, memoryMb, idleMs } = options;
  const workers = new Piscina({
    // The entry's own ending: `.ts` in the sources, `.js` when built.
    filename: new URL(`./pool-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href,
    name: 'runPooled',
    minThreads: idleMs === undefined ? threads : 0,
    maxThreads: threads,
    idleTimeout: idleMs ?? Number.POSITIVE_INFINITY,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    recordTiming: false,
  });
  const turns = new Turns(threads);
  const broken = new AbortController();
  let hasAnswered = false;
  // A thread ended outside a job. Where no job has been answered yet, the next thread would end the same way.
  workers.on('error', (cause) => {
    if (!hasAnswered) broken.abort(new Error('worker threads do not start', { cause }));
  });
  return {
    concurrency: threads,
    async run<Input, Output>(job: WorkerJob<Input, Output>, input: Input, signal?: AbortSignal) {
      await turns.take();
      try {
        const stop = signal === undefined ? broken.signal : AbortSignal.any([broken.signal, signal]);
        stop.throwIfAborted();
        const answer = await answerBoundedly(workers, { ...job, input }, options, stop);
        hasAnswered = true;
        if ('error' in answer) throw reviveError(answer.error);
        return answer.output as Output;
      } finally {
        turns.give();
      }
    },
    close: () => workers.destroy(),
  };
}

async function answerBoundedly(
  workers: Piscina,
  { url, name, input }: PooledJob,
  { timeoutMs, onLimit }: BoundedPoolOptions,
  stop: AbortSignal,
): Promise<PooledAnswer> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  try {
    const pooled: PooledJob = { url, name, input };
    return (await workers.run(pooled, { signal: AbortSignal.any([limit.signal, stop]) })) as PooledAnswer;
  } catch (error) {
    stop.throwIfAborted();
    if (limit.signal.aborted) throw onLimit('time');
    const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    throw onLimit(isMemory ? 'memory' : 'crash', error);
  } finally {
    clearTimeout(timer);
  }
}

/** The pool's own queue would start a job's time while it waits. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
