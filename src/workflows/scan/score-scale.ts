/** @file What a score means in this scan: the threshold and where it is from, the shift to another prevalence, what to be careful about. */
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import { holdsChance } from '../../evaluation/resampling/intervals.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import { adapterCalibration } from '../../judging/detector.ts';
import { type OperatingPoint, thresholdForBudget, validationNegatives } from '../../scan/operating-point.ts';
import type { ScanOptions } from './scan-options.ts';

export interface ScoreScale {
  /** On the scale of the model's scores. */
  readonly threshold: number;
  /** In words, for the report. */
  readonly source: string;
  /** From the model's scores to those that are reported, in the same order. */
  readonly shift: (score: number) => number;
  /** What the user should know before relying on the scores. */
  readonly cautions: readonly string[];
}

/** Throws SCAN_NO_VALIDATION, EVALUATION_PREVALENCE. */
export function scoreScale(options: ScanOptions, header: AdapterHeader): ScoreScale {
  const { prevalence } = options;
  const { threshold, source, caution } = operatingPoint(options, header);
  const moved =
    prevalence === undefined
      ? ''
      : `; moved to ${Number((100 * prevalence).toPrecision(6))} % vulnerable functions`;
  return {
    threshold,
    source: `${source}${moved}`,
    shift: priorShift(prevalence, header),
    cautions: [chanceCaution(header), caution].filter((one) => one !== undefined),
  };
}

function operatingPoint(options: ScanOptions, { settings }: AdapterHeader): OperatingPoint {
  const { threshold, maxFalsePositives, run } = options;
  if (threshold !== undefined) return { threshold, source: 'as requested' };
  if (maxFalsePositives !== undefined) return thresholdForBudget(validationNegatives(run), maxFalsePositives);
  return settings === undefined
    ? { threshold: DEFAULT_THRESHOLD, source: 'the default: the adapter has none' }
    : { threshold: settings.threshold, source: "the adapter's, chosen on validation" };
}

/** From the prevalence that scores are true at to the requested one. */
function priorShift(prevalence: number | undefined, header: AdapterHeader): (score: number) => number {
  if (prevalence === undefined) return (score) => score;
  const from = adapterCalibration(header)?.prevalence ?? UNKNOWN_PREVALENCE;
  return (score) => shiftPrior(score, from, prevalence);
}

/** For a detector whose own evaluation could not tell it from chance. */
function chanceCaution({ settings }: AdapterHeader): string | undefined {
  const measured = settings?.measured;
  if (measured === undefined || !holdsChance(measured)) return undefined;
  const { split, functions, rocAuc, low, high } = measured;
  const [area, from, to] = [rocAuc, low, high].map((value) => value.toFixed(2));
  const part = split === 'test' ? 'test' : 'validation';
  return `on the ${functions} functions of its ${part} part this model is no better than chance (ROC AUC ${area}, 95%: ${from} to ${to}): do not rely on its ranking`;
}
