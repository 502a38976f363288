/** @file Reads datasets of any known format, with progress and a count of the rows that are left out. */
import { type PartRecord, ReasonCounts, readParts } from '../dataset/formats/read-parts.ts';
import type { WorkflowContext } from './context.ts';
import { readingProgress } from './reading-progress.ts';

export interface InputOptions {
  /** Default: detected. */
  readonly format?: string | undefined;
  /** What `-` reads; default: the standard input of the process. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
}

export interface Inputs {
  /** Call once. */
  records(): AsyncGenerator<PartRecord>;
  /** Rows that were left out, by reason; whole when the records are. */
  readonly leftOut: ReasonCounts;
}

/** Opens the inputs, labelled or not; the task of reading ends with the last record, or with an error. */
export function openInputs(
  paths: readonly string[],
  { format, stdin }: InputOptions,
  { signal, report }: WorkflowContext,
): Inputs {
  const leftOut = new ReasonCounts();
  return {
    leftOut,
    async *records() {
      const progress = readingProgress(report);
      try {
        yield* readParts(paths, {
          ...(format === undefined ? {} : { format }),
          ...(stdin === undefined ? {} : { stdin }),
          requireTarget: false,
          signal,
          tally: leftOut,
          onProgress: progress.onProgress,
        });
      } finally {
        progress.stop();
      }
    },
  };
}
