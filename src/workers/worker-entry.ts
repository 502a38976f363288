/**
 * @file The program of a bounded worker thread: loads one job and hands out its output one piece per request, so that
 * the caller sets the pace. Started by bounded-worker.ts alone.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { sendNotesTo } from './tell-alive.ts';
import { type ClonedError, cloneError } from './worker-errors.ts';
import type { WorkerJob, WorkerStream } from './worker-job.ts';

export interface WorkerStart {
  readonly url: string;
  readonly name: string;
  readonly input: unknown;
}

export type WorkerReply = WorkerAnswer | { readonly kind: 'note'; readonly value: unknown };

/** What one request is answered by. */
export type WorkerAnswer =
  | { readonly kind: 'item'; readonly value: unknown }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly error: ClonedError };

const port = parentPort!;
sendNotesTo((value) => port.postMessage({ kind: 'note', value }));
const { url, name, input } = workerData as WorkerStart;

async function* outputOfJob(): AsyncGenerator<unknown> {
  const module = (await import(url)) as Record<
    string,
    WorkerJob<unknown, unknown>['run'] | WorkerStream<unknown, unknown>['run']
  >;
  const output = await module[name]!(input);
  if (isIterable(output)) yield* output;
  else yield output;
}

/** Text and arrays iterate too, but are one output. */
function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return false;
  return Symbol.asyncIterator in value || (Symbol.iterator in value && 'next' in value);
}

const output = outputOfJob();

async function reply(): Promise<WorkerReply> {
  try {
    const next = await output.next();
    return next.done === true ? { kind: 'done' } : { kind: 'item', value: next.value };
  } catch (error) {
    return { kind: 'error', error: cloneError(error) };
  }
}

port.on('message', () => {
  void reply().then((message) => port.postMessage(message));
});
