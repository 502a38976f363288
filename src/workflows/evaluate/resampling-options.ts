/** @file How evaluations resample functions for intervals. */
import { CLUSTER_FIELDS, type ClusterChoice } from '../../evaluation/resampling/clusters.ts';

export const CLUSTERS = ['auto', ...CLUSTER_FIELDS] as const satisfies readonly ClusterChoice[];

export interface ResamplingOptions {
  /** What is drawn together; `auto`: commits, or else projects, or else functions. Default: `auto`. */
  readonly cluster?: ClusterChoice | undefined;
  /** Resamples of the bootstrap. Default: 2000. */
  readonly resamples?: number | undefined;
}
