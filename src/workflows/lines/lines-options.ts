/** @file What `lines` takes and what it gives. Types only. */
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import type { Target } from '../../dataset/record.ts';
import type { Clusters } from '../../evaluation/resampling/clusters.ts';
import type { LineIntervals, LineMeasures } from '../../explain/line-metrics.ts';
import type { LineExplanation, LineMethod } from '../../explain/line-scores.ts';
import type { OpenDetectorOptions } from '../open/open-detector.ts';
import type { PrecisionDrift, PrecisionOptions } from '../open/precision.ts';

export interface LinesOptions extends OpenDetectorOptions, PrecisionOptions {
  /** A dataset of any known format (file, folder, archive, `-`), or a source file; default: the test file of the run. */
  readonly data?: string | undefined;
  /** Record field → column of `data`; default: guessed by name. */
  readonly fields?: Columns | undefined;
  /** How lines are scored; default: `gradient`, and of a prompted run `occlusion`, which has no other. */
  readonly method?: LineMethod | undefined;
  /** Highest-scoring functions that are given; default: all. */
  readonly count?: number | undefined;
  /** Chooses random orders and resamples; default: 42. */
  readonly seed?: number | undefined;
  /** What `-` reads; default: the standard input of the process. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
}

export interface LinesResult {
  /** Where the functions came from. */
  readonly data: string;
  readonly method: LineMethod;
  readonly threshold: number;
  /** Tokens of a function that were read at most. */
  readonly maxLength: number;
  /** Missing where scores are in the precision that the model was trained in. */
  readonly drift?: PrecisionDrift;
  /** How many the data has. */
  readonly functions: number;
  /** Highest score first. */
  readonly explained: readonly ExplainedFunction[];
  /** Undefined where the data marks no line that a fix changed. */
  readonly measures: LineComparison | undefined;
}

export interface LineInput {
  readonly id: string | number;
  readonly code: string;
  /** Read in front of `code`, and not explained; of a function of a source file, where the model was trained with it. */
  readonly context?: string | undefined;
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  /** The function's first line in its file, where that is known; lines are counted from it. */
  readonly firstLine: number;
  readonly target?: Target | undefined;
  /** The lines that a fix changed: within the function, 1-based, ascending; undefined where that is not known. */
  readonly vulnerableLines?: readonly number[] | undefined;
  /** Resampled together for intervals: functions of the same commit, project or pair. */
  readonly commit?: string | undefined;
  readonly project?: string | undefined;
  readonly pair?: string | undefined;
}

export interface ExplainedFunction {
  readonly input: LineInput;
  /** Probability of vulnerable. */
  readonly score: number;
  /** Whether it was longer than what was read of it. */
  readonly truncated: boolean;
  readonly explanation: LineExplanation;
}

export interface LineComparison {
  /** Measured. */
  readonly functions: number;
  /** Left out, because what was read of them ends before any marked line. */
  readonly notRead: number;
  readonly clusters: Clusters;
  readonly method: LineMeasures;
  /** Mean over random orders. */
  readonly random: LineMeasures;
  readonly longestLine: LineMeasures;
  /** 95% intervals of the method's difference to random order. */
  readonly aboveRandom: LineIntervals;
}
