/** @file What an evaluation is asked for. */
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { CALIBRATION_METHODS } from '../../evaluation/calibration/calibration.ts';
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import type { PrecisionOptions } from '../open/precision.ts';
import type { ResamplingOptions } from './resampling-options.ts';

export const CALIBRATIONS = ['auto', ...CALIBRATION_METHODS] as const;

export interface EvaluateOptions extends PrecisionOptions, ResamplingOptions {
  /** Run folders or PEFT adapter folders, one or more. */
  readonly runs: readonly string[];
  /** Functions with labels: a file of any format that `openDataset` knows, or a table; default: the test file that all of the runs name. */
  readonly data?: string | undefined;
  /** Record field → column of `data`, `train` and `valid`; default: as the runs read their files, else guessed by name. */
  readonly fields?: Columns | undefined;
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
  /** `auto`: the adapter's blend has a row, whether or not scans use it; `off`: not. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  /** Tokens of a function that are read; default: each adapter's own. */
  readonly maxLength?: number | undefined;
  /** Continue although test functions were trained on. Default: false. */
  readonly allowContamination?: boolean;
  /** Leave out test functions that were trained on. Default: false. */
  readonly dropContaminated?: boolean;
}
