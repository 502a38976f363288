/**
 * @file Runs a job on input that nobody vouches for in a thread of its own, which is ended when it takes too long or too
 * much memory, crashes, or the signal fires: a hang in a parser costs its limit, never the process.
 */
import { Worker } from 'node:worker_threads';
import type { WorkerAnswer, WorkerReply, WorkerStart } from './worker-entry.ts';
import { reviveError } from './worker-errors.ts';
import type { WorkerJob, WorkerStream } from './worker-job.ts';

/** `time`: no answer within `timeoutMs`; `memory`: the heap's limit; `crash`: the thread ended by itself. */
export type WorkerLimit = 'time' | 'memory' | 'crash';

export interface WorkerBounds {
  /** For each piece of output, the start of the thread included: longer without a word from the job is a hang. */
  readonly timeoutMs: number;
  /** JavaScript heap. */
  readonly memoryMb: number;
  readonly signal?: AbortSignal | undefined;
  /** What the job says of its progress on its way (`tellAlive`): each word starts the time anew. */
  readonly onNote?: ((note: unknown) => void) | undefined;
  /** The error to throw when a limit is reached: it names the input. `cause` is there for a crash. */
  readonly onLimit: (limit: WorkerLimit, cause?: unknown) => Error;
}

/** @throws what the job throws, `bounds.onLimit`, or the signal's reason. */
export async function runBounded<Input, Output>(
  job: WorkerJob<Input, Output>,
  input: Input,
  bounds: WorkerBounds,
): Promise<Output> {
  for await (const item of boundedItems<Output>(job, input, bounds)) return item;
  throw bounds.onLimit('crash');
}

/** The items of a stream, one made ahead while another is used. @throws as `runBounded`. */
export function streamBounded<Input, Item>(
  stream: WorkerStream<Input, Item>,
  input: Input,
  bounds: WorkerBounds,
): AsyncGenerator<Item> {
  return boundedItems<Item>(stream, input, bounds);
}

async function* boundedItems<Item>(
  { url, name }: { readonly url: string; readonly name: string },
  input: unknown,
  bounds: WorkerBounds,
): AsyncGenerator<Item> {
  bounds.signal?.throwIfAborted();
  const worker = startWorker({ url, name, input }, bounds.memoryMb);
  try {
    let next = nextReply(worker, bounds);
    while (true) {
      const reply = await next;
      if (reply.kind === 'done') return;
      if (reply.kind === 'error') throw reviveError(reply.error);
      next = nextReply(worker, bounds);
      // What goes wrong meanwhile is thrown when this item is done with, or not at all when the reader stops here.
      next.catch(() => {});
      yield reply.value as Item;
    }
  } finally {
    await worker.terminate();
  }
}

function startWorker(start: WorkerStart, memoryMb: number): Worker {
  // The entry's own ending: `.ts` in the sources, `.js` when built.
  const entry = new URL(`./worker-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const worker = new Worker(entry, {
    workerData: start,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    // What a crashing parser prints is not for the user.
    stdout: true,
    stderr: true,
  });
  // An error between two requests has a listener too: the next request finds that the thread has ended.
  return worker.on('error', () => {});
}

function nextReply(worker: Worker, bounds: WorkerBounds): Promise<WorkerAnswer> {
  const { signal, timeoutMs, onLimit, onNote } = bounds;
  return new Promise((resolve, reject) => {
    const stop = () => settle(() => reject(signal!.reason));
    const timer = setTimeout(() => settle(() => reject(onLimit('time'))), timeoutMs);
    const onMessage = (reply: WorkerReply) => {
      if (reply.kind !== 'note') return settle(() => resolve(reply));
      timer.refresh();
      onNote?.(reply.value);
    };
    const onError = (error: unknown) => settle(() => reject(limitOf(error, onLimit)));
    const onExit = () => settle(() => reject(onLimit('crash')));
    const settle = (then: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', stop, { once: true });
    worker.postMessage('next');
  });
}

function limitOf(error: unknown, onLimit: WorkerBounds['onLimit']): Error {
  const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isMemory ? onLimit('memory') : onLimit('crash', error);
}
