/**
 * @file Functions that hang together: of one commit, one project. A bootstrap that draws functions one by one takes a
 * fix's five functions for five observations and gives intervals that are too narrow.
 */
import { VultuneError } from '../../base/errors.ts';

export interface ClusteredRecord {
  readonly commit?: string | undefined;
  readonly project?: string | undefined;
  readonly pair?: string | undefined;
  /** Not read: records may name none of the others. */
  readonly target?: number | undefined;
}

export const CLUSTER_FIELDS = ['commit', 'project', 'pair', 'function'] as const;
export type ClusterField = (typeof CLUSTER_FIELDS)[number];
/** `auto`: the first of commit, project and pair that records name at least five of, else the function. */
export type ClusterChoice = ClusterField | 'auto';

export interface Clusters {
  readonly by: ClusterField;
  readonly count: number;
  /** [N] the cluster of each function, 0 .. count - 1. */
  readonly of: Uint32Array;
}

/** Below it the percentile interval is too narrow by more than a little (Cameron, Gelbach and Miller 2008). */
export const FEW_CLUSTERS = 30;

/** With fewer than this `auto` takes the next finer field: resamples of four things are nearly always the same. */
export const LEAST_CLUSTERS = 5;

/**
 * A record that lacks the field goes with its pair, or stands for itself.
 * @throws VultuneError EVALUATION_CLUSTER_FIELD when a named field is in no record
 */
export function clusterRecords(
  records: readonly ClusteredRecord[],
  choice: ClusterChoice = 'auto',
): Clusters {
  const named = (field: ClusterField) =>
    field === 'function' || records.some((record) => record[field] !== undefined);
  if (choice !== 'auto') {
    if (named(choice)) return clusterBy(records, choice);
    throw new VultuneError('EVALUATION_CLUSTER_FIELD', `no function has a "${choice}" to cluster by`, {
      where: { name: choice },
      hint: 'Leave --cluster out, or use --cluster function.',
    });
  }
  for (const field of CLUSTER_FIELDS) {
    const clusters = named(field) ? clusterBy(records, field) : undefined;
    if (clusters !== undefined && clusters.count >= LEAST_CLUSTERS) return clusters;
  }
  return clusterBy(records, 'function');
}

function clusterBy(records: readonly ClusteredRecord[], by: ClusterField): Clusters {
  const ids = new Map<string, number>();
  let count = 0;
  const of = Uint32Array.from(records, (record) => {
    const key = by === 'function' ? undefined : clusterKey(record, by);
    const known = key === undefined ? undefined : ids.get(key);
    if (known !== undefined) return known;
    if (key !== undefined) ids.set(key, count);
    return count++;
  });
  return { by, count, of };
}

function clusterKey(record: ClusteredRecord, by: 'commit' | 'project' | 'pair'): string | undefined {
  const value = record[by];
  // A commit's hash may be the same in a fork, and "1.0.1" is a commit in many data sets: the project tells them apart.
  if (value !== undefined)
    return by === 'commit' ? `commit ${record.project ?? ''} ${value}` : `${by} ${value}`;
  return record.pair === undefined ? undefined : `pair ${record.pair}`;
}
