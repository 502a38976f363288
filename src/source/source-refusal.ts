/** @file What a foreign source text past the limits of its worker is to its callers: a source that is refused, and counted. */
import { VultuneError } from '../base/errors.ts';
import type { WorkerLimit } from '../workers/bounded-worker.ts';

const SOURCE_REFUSED = 'SOURCE_REFUSED';

const REASONS: Readonly<Record<WorkerLimit, string>> = {
  time: 'took too long to parse',
  memory: 'took too much memory to parse',
  crash: 'made the parser crash',
};

/** For jobs on one source: the message is the reason as notices and cards have it. */
export function sourceRefused(limit: WorkerLimit, cause?: unknown): VultuneError {
  return new VultuneError(SOURCE_REFUSED, REASONS[limit], { cause });
}

/** Why a source was refused; undefined for any other error. */
export function refusalReason(error: unknown): string | undefined {
  return error instanceof VultuneError && error.code === SOURCE_REFUSED ? error.message : undefined;
}
