/** @file What a worker thread runs: a function that it can load by the address of its module. Types alone. */

/**
 * A function that workers can load. Declared in the function's own module, so that `url` is right in `src` and in
 * `dist`: `export const JOB: WorkerJob<In, Out> = { url: import.meta.url, name: 'work', run: work }` beside
 * `export function work(input: In): Out`. Input and output are cloned on their way: plain data, no functions, no
 * classes. A `VultuneError` arrives as one; anything else that is thrown arrives as a plain `Error`.
 */
export interface WorkerJob<Input, Output> {
  /** `import.meta.url` of the module that exports `run`. */
  readonly url: string;
  /** The name it is exported under. */
  readonly name: string;
  run(input: Input): Output | Promise<Output>;
}

/** A job whose output comes piece by piece. */
export interface WorkerStream<Input, Item> {
  readonly url: string;
  readonly name: string;
  run(input: Input): AsyncIterable<Item> | Iterable<Item>;
}
