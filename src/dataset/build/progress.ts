/** @file What every dataset builder tells its caller while it works, and how it is stopped. */
import { VultuneError } from '../../base/errors.ts';

export interface BuildProgress {
  readonly stage: 'fetch' | 'select' | 'write';
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

export type OnProgress = (progress: BuildProgress) => void;

/** @throws VultuneError `DATASET_BUILD_STOPPED` (exit code 130) once the signal is set. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new VultuneError('DATASET_BUILD_STOPPED', 'stopped before the dataset was written', {
    hint: 'the same command goes on from what is already fetched',
    exitCode: 130,
  });
}
