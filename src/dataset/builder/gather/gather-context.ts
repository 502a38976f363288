/** @file What gathering is given and what it gives back: shapes only. */
import type { ExtractionPool } from '../../../source/extraction-pool.ts';
import type { ContextOptions } from '../../changes/function-context.ts';
import type { FixFacts, SourceContext } from '../../source.ts';
import type { GatherShare } from './gather-share.ts';
import type { GatheredSummary } from './gathered-file.ts';

export interface GatherContext {
  readonly share: GatherShare;
  readonly context: SourceContext;
  readonly pool: ExtractionPool;
  /** Which of the build's sources. */
  readonly source: number;
  /** What else of its file goes with a function; undefined: nothing. Functions that come without their file have none. */
  readonly functionContext?: ContextOptions | undefined;
}

/** A unit on disk, with what its source says of it today. */
export interface GatheredUnit {
  readonly path: string;
  readonly summary: GatheredSummary;
  /** Undefined for labelled records: each has its own. */
  readonly facts: FixFacts | undefined;
  readonly sourceName: string;
  /** Which of the build's sources: 0, 1, 2 ... */
  readonly source: number;
  /** Labelled records of its source in the units before it. */
  readonly recordsBefore?: number;
}
