/** @file The figures of a CWE head as JSON. */
import type { CweEvaluation } from '../../evaluation/cwe/evaluate-cwe.ts';
import { snakeKeys } from '../../evaluation/metrics/metric-names.ts';

export function cweJson({
  functions,
  outside,
  unnamed,
  top1,
  top3,
  macroF1,
  intervals,
  majority,
  byClass,
  bootstrap,
}: CweEvaluation): Record<string, unknown> {
  const ranges = Object.entries(intervals).map(([name, { low, high }]) => [name, [low, high]] as const);
  return {
    functions,
    outside_classes: outside,
    without_cwe: unnamed,
    top1,
    top3,
    macro_f1: macroF1,
    intervals: snakeKeys(Object.fromEntries(ranges)),
    majority: { cwe: majority.id, top1: majority.top1, top3: majority.top3, macro_f1: majority.macroF1 },
    by_cwe: byClass.map(({ id, precision, ...figures }) => ({
      cwe: id,
      ...figures,
      precision: precision ?? null,
    })),
    bootstrap: {
      resamples: bootstrap.resamples,
      cluster_by: bootstrap.clusterBy,
      clusters: bootstrap.clusters,
      few_clusters: bootstrap.fewClusters,
    },
  };
}
