/**
 * @file Worker threads for work on source text: a job is an exported function of a module, run in this process or in
 * a worker. Knows nothing of what jobs do, but for the one job that lists a source's functions.
 */
import { Piscina } from 'piscina';
import { EXTRACTION_JOB } from './extraction-job.ts';
import type { Language } from './languages.ts';
import type { ExtractedFunction } from './parse-source.ts';

/**
 * A function that workers can load. Declared in the function's own module, so that `url` is right in `src` and in
 * `dist`: `export const JOB: PoolJob<In, Out> = { url: import.meta.url, name: 'work', run: work }` beside
 * `export function work(input: In): Out`. Input and output are cloned on their way: plain data, no functions, no
 * classes. What a job throws arrives as a plain `Error`: what may be wrong with the input belongs into its output.
 */
export interface PoolJob<Input, Output> {
  /** `import.meta.url` of the module that exports `run`. */
  readonly url: string;
  /** The name it is exported under. */
  readonly name: string;
  run(input: Input): Output | Promise<Output>;
}

export interface ExtractionPool {
  /** Jobs that run at once; give the pool a few more than this, not a whole data set. */
  readonly concurrency: number;
  extract(source: string, language: Language): Promise<readonly ExtractedFunction[]>;
  /** Rejects with an `AbortError` when the signal fires: what waits is dropped, what runs is cut off. */
  run<Input, Output>(job: PoolJob<Input, Output>, input: Input, signal?: AbortSignal): Promise<Output>;
  /** Ends the workers. Jobs under way are dropped. */
  close(): Promise<void>;
}

export interface ExtractionPoolOptions {
  /** Worker threads; 0: everything in this process, between turns of the event loop. */
  readonly threads: number;
}

export function createExtractionPool({ threads }: ExtractionPoolOptions): ExtractionPool {
  return threads === 0 ? poolOf(1, runHere, async () => undefined) : workerPool(threads);
}

type RunJob = ExtractionPool['run'];

function poolOf(concurrency: number, run: RunJob, close: () => Promise<void>): ExtractionPool {
  return {
    concurrency,
    run,
    close,
    extract: (source, language) => run(EXTRACTION_JOB, { source, language }),
  };
}

function workerPool(threads: number): ExtractionPool {
  const workers = new Piscina({ minThreads: threads, maxThreads: threads, recordTiming: false });
  return poolOf(
    threads,
    (job, input, signal) =>
      workers.run(input, { filename: job.url, name: job.name, ...(signal === undefined ? {} : { signal }) }),
    () => workers.destroy(),
  );
}

async function runHere<Input, Output>(
  job: PoolJob<Input, Output>,
  input: Input,
  signal?: AbortSignal,
): Promise<Output> {
  // A turn of the event loop before each job: signals and the progress display get theirs.
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
  return job.run(input);
}
