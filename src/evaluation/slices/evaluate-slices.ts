/** @file Slices → results with intervals, and a mark on those that are too small to say anything. */
import { type EvaluationResult, evaluateScores } from '../evaluate.ts';
import type { FigureName } from '../figures.ts';
import type { PairedRecord } from '../pairs.ts';
import { type Clusters, clusterRecords, LEAST_CLUSTERS } from '../resampling/clusters.ts';
import { bootstrapReplicates, type Intervals, intervalsOf } from '../resampling/intervals.ts';
import type { ResampleOptions } from '../resampling/resample.ts';
import type { SetRecord } from '../unrelated.ts';
import type { Slice, SliceDimension } from './slice.ts';

export interface SliceResult {
  readonly dimension: SliceDimension;
  readonly name: string;
  readonly result: EvaluationResult;
  readonly intervals: Intervals;
  /** Functions called as labelled, and not: the table of the paper on C. */
  readonly right: number;
  readonly wrong: number;
  /** Why the slice says little; `undefined` when it is large enough. */
  readonly tooSmall: string | undefined;
}

/** Slices of fewer functions are folded where people look: an accuracy over a dozen moves by eight points with each. */
export const LEAST_OF_A_SLICE = 20;

/** Functions of either class below which an interval is as wide as the scale. */
const LEAST_OF_A_CLASS = 10;
const RESAMPLES = 1000;
/** What a row of a table of slices may show. */
const FIGURES: readonly FigureName[] = [
  'rocAuc',
  'averagePrecision',
  'f1',
  'precision',
  'recall',
  'accuracy',
  'falsePositiveRate',
  'vdScore@0.05',
  'P-C',
  'pairRanking',
];

export interface SlicedScores {
  readonly records: readonly (PairedRecord & SetRecord)[];
  /** [N] */
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
}

export async function evaluateSlices(
  { records, scores, threshold }: SlicedScores,
  slices: readonly Slice[],
  options: Omit<ResampleOptions, 'draw'>,
): Promise<SliceResult[]> {
  const results: SliceResult[] = [];
  for (const { dimension, name, rows } of slices) {
    const subject = {
      records: Array.from(rows, (row) => records[row]!),
      scores: Float64Array.from(rows, (row) => scores[row]!),
      threshold,
    };
    const result = evaluateScores(subject);
    const [replicates] = await bootstrapReplicates([subject], {
      ...options,
      resamples: options.resamples ?? RESAMPLES,
      clusters: within(options.clusters, rows, subject.records),
      figures: FIGURES,
      onProgress: undefined,
    });
    const { truePositives, trueNegatives } = result.confusion;
    const right = truePositives + trueNegatives;
    results.push({
      dimension,
      name,
      result,
      intervals: intervalsOf(replicates!),
      right,
      wrong: result.n - right,
      tooSmall: smallness(result),
    });
  }
  return results;
}

/** A slice of one class alone is judged by its size: its recall, or its false alarms, are all that it has. */
function smallness({ n, positives }: EvaluationResult): string | undefined {
  const negatives = n - positives;
  if (positives > 0 && positives < LEAST_OF_A_CLASS) return `only ${positives} vulnerable`;
  if (negatives > 0 && negatives < LEAST_OF_A_CLASS) return `only ${negatives} not vulnerable`;
  return undefined;
}

/** The clusters of some rows, numbered anew; of a slice that lies in a few of them (a project), finer ones. */
function within(clusters: Clusters, rows: Uint32Array, records: readonly PairedRecord[]): Clusters {
  const ids = new Map<number, number>();
  const of = rows.map((row) => {
    const cluster = clusters.of[row]!;
    const id = ids.get(cluster) ?? ids.size;
    ids.set(cluster, id);
    return id;
  });
  return ids.size < LEAST_CLUSTERS ? clusterRecords(records) : { by: clusters.by, count: ids.size, of };
}
