/** @file What every dataset builder tells its caller while it works, and how it is stopped. */
import { VultuneError } from '../base/errors.ts';

export interface BuildProgress {
  /** `list`: finding out what there is. */
  readonly phase: 'list' | 'fetch' | 'select' | 'write' | 'report';
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  readonly message: string;
}

export type OnProgress = (progress: BuildProgress) => void;

/**
 * The promise, or a rejection as soon as the signal is set. For work that hears the signal late: the npm client takes
 * an abort for one more network error and waits before it tries again.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  stopIfAborted(signal);
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

/** @throws VultuneError `DATASET_BUILD_STOPPED` (exit code 130) once the signal is set. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new VultuneError('DATASET_BUILD_STOPPED', 'stopped before the dataset was written', {
    hint: 'run the same command again: it resumes where it stopped',
    exitCode: 130,
  });
}
