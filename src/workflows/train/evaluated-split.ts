/** @file What is known of a split after its evaluation. A shape only. */
import type { LabelledRecord } from '../../dataset/record.ts';

export interface EvaluatedSplit {
  readonly name: 'valid' | 'test';
  readonly records: readonly LabelledRecord[];
  /** [N] probability of vulnerable, the network's own. */
  readonly scores: Float64Array;
}
