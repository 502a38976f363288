/** @file What triage takes and what it gives. Types only. */

import type { BlendChoice } from '../../judging/adapter-scale.ts';
import type { TriageReport } from '../../triage/triaged.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import type { ThresholdChoice } from '../scan/scan-options.ts';

export interface TriageOptions extends DeviceOptions {
  /** A run folder (of a prompted model too, where that runs here), an adapter folder, or an adapter's id on the hub. */
  readonly run: string;
  /** Another scanner's findings: a SARIF 2.1.0 file. */
  readonly log: string;
  /** The folder that the scanner looked at; nothing outside it is read. Default: the current folder. */
  readonly root?: string | undefined;
  /** Findings whose function scores below are marked as suppressed; default: none. */
  readonly suppressBelow?: number | undefined;
  /** Which findings are real, as CSV or JSON lines of file, line, label: precision at the top is measured. */
  readonly labels?: string | undefined;
  /** The same out of the log: a property of its results, or `kind`. */
  readonly labelProperty?: string | undefined;
  /** As a scan's. */
  readonly threshold?: ThresholdChoice | undefined;
  /** `auto`: scores of the blend where the adapter has one that ranked validation better; `off`: the model's own. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  /** Tokens of a function that are read; default: the adapter's, or the model's. */
  readonly maxLength?: number | undefined;
  /** Use and keep scores of earlier scans; default: true. */
  readonly cache?: boolean | undefined;
  /** Chooses resamples for intervals; default: 42. */
  readonly seed?: number | undefined;
}

export interface TriageResult {
  /** `complete` is false where the signal stopped it: findings without a score by then are at the end. */
  readonly report: TriageReport;
  /** The scanner's log with ranks, properties and suppressions added. */
  readonly sarif: () => string;
}
