/**
 * @file The clustered bootstrap: clusters are drawn with replacement, as many as there are, and every subject (the model,
 * each baseline, another run) sees the same draws, so that differences between subjects are paired. Scores are sorted
 * once; a resample only changes how often each function counts. What is computed on a resample is the visitor's.
 */
import { randomStream } from '../../base/random.ts';
import type { FigureSubject, WeighedPairs } from '../figures.ts';
import { type RankedScores, rankScores, reweigher } from '../metrics/ranked-scores.ts';
import { findPairs, type PairedRecord, pairVerdicts } from '../pairs.ts';
import { type SetRecord, unrelatedSets } from '../unrelated.ts';
import type { Clusters } from './clusters.ts';

export interface ScoredSubject {
  readonly records: readonly (PairedRecord & SetRecord)[];
  /** [N] one per record. */
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
}

export interface ResampleOptions {
  readonly clusters: Clusters;
  /** Default 2000. */
  readonly resamples?: number | undefined;
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Instead of the seeded generator: uniform integers in [0, bound), `bound` of them a resample. */
  readonly draw?: ((bound: number) => number) | undefined;
}

export const DEFAULT_RESAMPLES = 2000;

/** What the subject looks like in one resample; overwritten by the next. */
export type ResampleVisitor = (resample: number, subject: number, resampled: FigureSubject) => void;

/** Lets the event loop run in between: Ctrl-C is heard and progress is drawn. */
const BREATHE_MS = 50;

/** @throws the signal's reason when it is aborted */
export async function resample(
  subjects: readonly ScoredSubject[],
  visit: ResampleVisitor,
  options: ResampleOptions,
): Promise<void> {
  const prepared = subjects.map((subject) => prepare(subject, options.clusters));
  await drawClusters(options, (r, weights) => {
    for (const [s, reweigh] of prepared.entries()) visit(r, s, reweigh(weights));
  });
}

/**
 * Draws alone: `weights`, [clusters], says how often each counts, and is overwritten by the next draw.
 * @throws the signal's reason when it is aborted
 */
export async function drawClusters(
  { clusters, resamples = DEFAULT_RESAMPLES, seed = 0, signal, onProgress, draw: given }: ResampleOptions,
  visit: (resample: number, weights: Float64Array) => void,
): Promise<void> {
  const stream = randomStream(seed, 'bootstrap', clusters.count);
  const draw = given ?? ((bound: number) => Math.floor(stream.uniform() * bound));
  const weights = new Float64Array(clusters.count);
  let breathed = performance.now();
  for (let r = 0; r < resamples; r++) {
    weights.fill(0);
    for (let i = 0; i < clusters.count; i++) weights[draw(clusters.count)]!++;
    visit(r, weights);
    if (performance.now() - breathed < BREATHE_MS) continue;
    onProgress?.(r + 1, resamples);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    breathed = performance.now();
  }
}

/** The subjects without each of `groups` groups of clusters in turn; clusters are dealt out to the groups one by one. */
export function leaveOut(
  subjects: readonly ScoredSubject[],
  clusters: Clusters,
  groups: number,
  visit: ResampleVisitor,
): void {
  const weights = new Float64Array(clusters.count);
  const prepared = subjects.map((subject) => prepare(subject, clusters));
  for (let group = 0; group < groups; group++) {
    for (let cluster = 0; cluster < clusters.count; cluster++) {
      weights[cluster] = cluster % groups === group ? 0 : 1;
    }
    for (const [s, reweigh] of prepared.entries()) visit(group, s, reweigh(weights));
  }
}

/** A scored set as it is, every function once. */
export function asItIs({
  records,
  scores,
  threshold,
}: ScoredSubject): FigureSubject & { ranked: RankedScores } {
  const ranked = rankScores(
    records.map(({ target }) => target),
    scores,
  );
  const places = findPairs(records);
  const pairs: WeighedPairs | undefined = places && {
    places,
    verdicts: pairVerdicts(places, scores, threshold),
    counts: new Float64Array(places.vulnerable.length).fill(1),
  };
  return { ranked, threshold, pairs, unrelated: unrelatedSets(records, ranked) };
}

function prepare(scored: ScoredSubject, clusters: Clusters): (weights: Float64Array) => FigureSubject {
  const { ranked, threshold, pairs, unrelated } = asItIs(scored);
  const clusterOf = Uint32Array.from(ranked.order, (from) => clusters.of[from]!);
  const counts = new Float64Array(clusterOf.length);
  const reweigh = reweigher(ranked);
  // A pair is of one commit; where it is not, its vulnerable side says how often it counts.
  const pairCluster = Uint32Array.from(pairs?.places.vulnerable ?? [], (place) => clusters.of[place]!);
  return (weights) => {
    for (let i = 0; i < counts.length; i++) counts[i] = weights[clusterOf[i]!]!;
    if (pairs !== undefined) {
      for (let p = 0; p < pairCluster.length; p++) pairs.counts[p] = weights[pairCluster[p]!]!;
    }
    return { ranked: reweigh(counts), threshold, pairs, unrelated };
  };
}
