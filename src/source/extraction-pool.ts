/**
 * @file Worker threads for work on foreign source text, and what one source may cost there: a source past the limits is
 * refused, the others go on.
 */
import { type BoundedPool, createBoundedPool } from '../workers/bounded-pool.ts';
import { sourceRefused } from './source-refusal.ts';

export type ExtractionPool = BoundedPool;

export interface ExtractionPoolOptions {
  /** Worker threads, 1 or more. */
  readonly threads: number;
  /** The time limit of one job; code people wrote takes a hundredth of the default. */
  readonly timeoutMs?: number;
}

/** Two parses at their own limit, and what is done with the trees. */
const JOB_MS = 90_000;
/** JavaScript heap of a thread; a tree of the longest source takes a quarter of a gigabyte beside it. */
const HEAP_MB = 2048;

export function createExtractionPool({ threads, timeoutMs = JOB_MS }: ExtractionPoolOptions): ExtractionPool {
  return createBoundedPool({ threads, timeoutMs, memoryMb: HEAP_MB, onLimit: sourceRefused });
}
