/** @file How often a run's CWE head is right on each split, and whether validation says that it is worth asking. Writes nothing. */
import type { CweHead } from '../../adapters/files/cwe-head-files.ts';
import type { CweClass } from '../../evaluation/cwe/choose-classes.ts';
import { beatsMajority, type CweEvaluation, evaluateCwe } from '../../evaluation/cwe/evaluate-cwe.ts';
import { measuredCwe } from '../../evaluation/cwe/measured-cwe.ts';
import { clusterRecords } from '../../evaluation/resampling/clusters.ts';
import type { EvaluatedSplit } from './judge-splits.ts';

export interface JudgedCwe {
  readonly head: CweHead;
  /** Those that have functions with one of the classes. */
  readonly evaluations: ReadonlyMap<EvaluatedSplit['name'], CweEvaluation>;
}

/** Undefined without a CWE head. */
export async function judgeCwe(
  classes: readonly CweClass[] | undefined,
  splits: readonly EvaluatedSplit[],
  signal: AbortSignal | undefined,
): Promise<JudgedCwe | undefined> {
  if (classes === undefined) return undefined;
  const evaluations = new Map<EvaluatedSplit['name'], CweEvaluation>();
  for (const { name, records, cwes = [] } of splits) {
    const cases = { classes, records, guesses: cwes };
    const evaluation = await evaluateCwe(cases, { clusters: clusterRecords(records), signal });
    if (evaluation !== undefined) evaluations.set(name, evaluation);
  }
  const [valid, test] = [evaluations.get('valid'), evaluations.get('test')];
  return {
    head: { classes, used: beatsMajority(valid), valid: measuredCwe(valid), test: measuredCwe(test) },
    evaluations,
  };
}
