/** @file What a score means in this scan: the threshold and where it is from, the shift to another prevalence, what to be careful about. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import { holdsChance } from '../../evaluation/resampling/intervals.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import { adapterCalibration } from '../../judging/detector.ts';
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

interface OperatingPoint {
  readonly threshold: number;
  /** In words, for the output. */
  readonly source: string;
  /** Something the user should know before relying on it. */
  readonly caution?: string;
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

/**
 * The lowest threshold at which at most `share` of the negatives are flagged. A score as high as a negative's flags
 * that negative, so the threshold lies just above the highest negative that may not be flagged.
 */
function thresholdForBudget(negatives: readonly number[], share: number): OperatingPoint {
  const sorted = negatives.toSorted((a, b) => b - a);
  // 0.1 * 30 is 3.0000000000000004 in floating point, 0.29 * 100 is 28.999999999999996.
  const allowed = Math.floor(share * sorted.length + 1e-9);
  const firstForbidden = sorted[allowed];
  const threshold = firstForbidden === undefined ? 0 : nextAbove(firstForbidden);
  const flagged = sorted.filter((score) => score >= threshold).length;
  const source = `at most ${formatShare(share)} false alarms: ${flagged} of ${sorted.length} safe validation functions`;
  if (allowed >= 1 || share === 0) return { threshold, source };
  return {
    threshold,
    source,
    caution:
      `${sorted.length} safe validation functions are too few to measure a rate of ${formatShare(share)}:  ` +
      `the threshold is above all of them`,
  };
}

const formatShare = (share: number) => `${Number((100 * share).toPrecision(3))} %`;

function nextAbove(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0);
}

/** Scores of the safe functions in RUN/predictions/valid.jsonl. Throws SCAN_NO_VALIDATION. */
export function validationNegatives(runFolder: string): number[] {
  const file = join(runFolder, 'predictions', 'valid.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const negatives = lines
    .filter((line) => line.trim() !== '')
    .map((line) => parsePrediction(line, file))
    .filter(({ target }) => target === 0)
    .map(({ score }) => score);
  if (negatives.length > 0) return negatives;
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    `a budget of false alarms needs the scores of safe validation functions; ${file} has none`,
    {
      where: { file },
      hint: 'Give the run folder itself (not its adapter), of a run that was validated; or use --threshold.',
    },
  );
}

function parsePrediction(line: string, file: string): { readonly score: number; readonly target: unknown } {
  try {
    const { score, target } = JSON.parse(line) as { score?: unknown; target?: unknown };
    if (typeof score === 'number' && score >= 0 && score <= 1) return { score, target };
  } catch {
    // Said below.
  }
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    'a line is not a prediction: expected JSON with `score` and `target`',
    {
      where: { file },
    },
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
