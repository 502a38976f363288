/** @file What a score means in this scan: the threshold and where it is from, the shift to another prevalence, what to be careful about. */
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import { holdsChance } from '../../evaluation/resampling/intervals.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import { adapterCalibration } from '../../judging/detector.ts';
import { type OperatingPoint, thresholdForBudget, validationNegatives } from '../../scan/operating-point.ts';
import { scoresAreOf } from '../evaluate/own-predictions.ts';
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
export async function scoreScale(options: ScanOptions, header: AdapterHeader): Promise<ScoreScale> {
  const { prevalence } = options;
  const { threshold, source, caution } = await operatingPoint(options, header);
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

async function operatingPoint(options: ScanOptions, header: AdapterHeader): Promise<OperatingPoint> {
  const { threshold, maxFalsePositives, run } = options;
  const { settings } = header;
  if (threshold !== undefined) return { threshold, source: 'as requested' };
  if (maxFalsePositives !== undefined) {
    const negatives = validationNegatives(run);
    await requireOwnScores(run, header);
    return thresholdForBudget(negatives, maxFalsePositives);
  }
  return settings === undefined
    ? { threshold: DEFAULT_THRESHOLD, source: 'the default: the adapter has none' }
    : { threshold: settings.threshold, source: "the adapter's, chosen on validation" };
}

/** A threshold from another adapter's scores would say nothing about the false alarms of this one. Throws SCAN_NO_VALIDATION. */
async function requireOwnScores(run: string, header: AdapterHeader): Promise<void> {
  const predictions = join(run, 'predictions');
  if ((await scoresAreOf(predictions, 'valid', header)) !== 'another') return;
  const file = join(predictions, 'valid.jsonl');
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    `a budget of false alarms needs this adapter's scores; those in ${file} are another adapter's, or were edited`,
    { where: { file }, hint: "Put back the run's own adapter and predictions, or use --threshold." },
  );
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
