/** @file What an evaluation gives. */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import type { CweEvaluation } from '../../evaluation/cwe/evaluate-cwe.ts';
import type { AtPrevalence } from '../../evaluation/prevalence.ts';
import type { SliceResult } from '../../evaluation/slices/evaluate-slices.ts';
import type { CheckedContamination } from './evaluation-files.ts';
import type { PreparedRun } from './prepare-run.ts';

export interface EvaluatedRun {
  readonly run: PreparedRun;
  /** The model first, then its baselines; what the model does not beat. */
  readonly comparison: Comparison;
  readonly slices: readonly SliceResult[];
  /** With `prevalence`, where recall and false positive rate are defined. */
  readonly atPrevalence: AtPrevalence | undefined;
  /** How often its CWE head is right; missing without such a head, and where no function has one of its CWEs. */
  readonly cwe?: CweEvaluation;
}

export interface Evaluation {
  /** The file that was evaluated on. */
  readonly data: string;
  readonly test: readonly LabelledRecord[];
  /** One per run. */
  readonly evaluated: readonly EvaluatedRun[];
  /** All runs as one, where there are several. */
  readonly ensemble: EvaluatedRun | undefined;
  readonly contamination: CheckedContamination;
  /** Functions left out because they were trained on. */
  readonly dropped: number;
  /** Whether the file chose a run's checkpoint and threshold. */
  readonly isValidation: boolean;
}
