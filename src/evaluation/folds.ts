/** @file Folds of a cross-validation in which functions that hang together (a fix and its pair, a commit) are in one fold. */
import { randomStream } from '../base/random.ts';
import { type ClusteredRecord, clusterRecords } from './resampling/clusters.ts';

/** [N] the fold of each function, 0 .. folds - 1. `purpose` names the random stream that deals clusters to folds. */
export function clusterFolds(
  records: readonly ClusteredRecord[],
  folds: number,
  purpose: string,
): Uint8Array {
  const clusters = clusterRecords(records);
  const order = randomStream(0, purpose).shuffle([...Array(clusters.count).keys()]);
  const foldOfCluster = new Uint8Array(clusters.count);
  order.forEach((cluster, place) => {
    foldOfCluster[cluster] = place % folds;
  });
  return Uint8Array.from(clusters.of, (cluster) => foldOfCluster[cluster]!);
}
