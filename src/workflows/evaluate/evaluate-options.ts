/** @file What an evaluation is asked for, and what it gives. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { CALIBRATION_METHODS } from '../../evaluation/calibration/calibration.ts';
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import type { AtPrevalence } from '../../evaluation/prevalence.ts';
import type { SliceResult } from '../../evaluation/slices/evaluate-slices.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import type { CheckedContamination } from './evaluation-files.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { ResamplingOptions } from './resampling-options.ts';

export const CALIBRATIONS = ['auto', ...CALIBRATION_METHODS] as const;

export interface EvaluateOptions extends DeviceOptions, ResamplingOptions {
  /** Run folders or PEFT adapter folders, one or more. */
  readonly runs: readonly string[];
  /** JSON lines with `code` and `target`. */
  readonly data: string;
  /** The baselines are fitted on it; default: the first run's own. */
  readonly train?: string | undefined;
  /** The threshold is chosen on it; default: the stored one. */
  readonly valid?: string | undefined;
  /** Score from which a function counts as vulnerable. */
  readonly threshold?: number | undefined;
  /** Fitted anew on validation; default: what the adapter carries. */
  readonly calibration?: (typeof CALIBRATIONS)[number] | undefined;
  /** Share of functions that are vulnerable where the model is used: precision and alerts at that rate. */
  readonly prevalence?: number | undefined;
  /** Tokens of a function that are read; default: each adapter's own. */
  readonly maxLength?: number | undefined;
  /** Continue although test functions were trained on. Default: false. */
  readonly allowContamination?: boolean;
  /** Leave out test functions that were trained on. Default: false. */
  readonly dropContaminated?: boolean;
}

export interface EvaluatedRun {
  readonly run: PreparedRun;
  /** The model first, then its baselines; what the model does not beat. */
  readonly comparison: Comparison;
  readonly slices: readonly SliceResult[];
  /** With `prevalence`, where recall and false positive rate are defined. */
  readonly atPrevalence: AtPrevalence | undefined;
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
