/** @file What a score means in this scan: the threshold and where it is from, the shift to another prevalence, what to be careful about. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import type { ContextOptions } from '../../dataset/changes/function-context.ts';
import {
  type AlarmBudget,
  budgetCaution,
  describeBudget,
  isMeasurable,
  thresholdWithin,
} from '../../evaluation/alarm-budget.ts';
import { scoresNote } from '../../evaluation/blend/describe-blend.ts';
import type { MeasuredRanking } from '../../evaluation/measured-ranking.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import { holdsChance } from '../../evaluation/resampling/intervals.ts';
import { type AdapterScale, adapterScale } from '../../judging/adapter-scale.ts';
import type { PromptedRun } from '../../judging/prompted-run.ts';
import { scoresAreOf } from '../evaluate/own-predictions.ts';
import { adapterContext, textsCaution } from '../open/adapter-context.ts';
import type { ScanOptions } from './scan-options.ts';

export interface ScoreScale {
  /** On the scale of the scores as the judge gives them. */
  readonly threshold: number;
  /** No function below it is uncertain; undefined where only the odds say where that begins. */
  readonly uncertainFrom: number | undefined;
  /** In words, for the report. */
  readonly source: string;
  /** From the judge's scores to those that are reported, in the same order. */
  readonly shift: (score: number) => number;
  /** What the user should know before relying on the scores. */
  readonly cautions: readonly string[];
  /** The same for whoever reads them without the report's measured worth beside them: with the figures. */
  readonly warnings: readonly string[];
  /** What the scores are, where they are a blend's; in words. */
  readonly blend: string | undefined;
  /** What kept scores are held to, beside the adapter itself. */
  readonly blendFingerprint: string | undefined;
  readonly measured: MeasuredRanking | undefined;
  /** What of its file is read in front of a function, as in the model's training; undefined: nothing. */
  readonly functionContext: ContextOptions | undefined;
  /** A caution more, where functions are given as texts: no context can be built for them. */
  readonly textsCaution: string | undefined;
}

type Wishes = Pick<ScanOptions, 'run' | 'blend' | 'prevalence' | 'threshold' | 'maxFalsePositives'>;

/** Throws SCAN_NO_VALIDATION, EVALUATION_PREVALENCE, ADAPTER_SETTINGS, ADAPTER_BLEND. */
export async function scoreScale(options: Wishes, header: AdapterHeader): Promise<ScoreScale> {
  const { prevalence } = options;
  const scale = adapterScale(header, options.blend);
  const { threshold, uncertainFrom, source, caution } = await operatingPoint(options, header, scale);
  const moved =
    prevalence === undefined
      ? ''
      : `; moved to ${Number((100 * prevalence).toPrecision(6))} % vulnerable functions`;
  const { blend, measured } = scale;
  const isChance = measured !== undefined && holdsChance(measured);
  const { options: functionContext, caution: ofContext } = adapterContext(header);
  return {
    threshold,
    uncertainFrom,
    source: `${source}${moved}`,
    shift: (score) => (prevalence === undefined ? score : shiftPrior(score, scale.prevalence, prevalence)),
    cautions: [isChance ? CHANCE_CAUTION : undefined, caution, ofContext].filter((one) => one !== undefined),
    warnings: [isChance ? chanceWarning(measured) : undefined, caution, ofContext].filter(
      (one) => one !== undefined,
    ),
    blend: blend && scoresNote(blend.blend),
    blendFingerprint: blend?.fingerprint,
    measured,
    functionContext,
    textsCaution: textsCaution(header),
  };
}

/**
 * What a prompted model's odds mean: nothing was chosen on validation, and nothing moves them but another prevalence.
 * @throws VultuneError SCAN_NO_VALIDATION, EVALUATION_PREVALENCE
 */
export function promptedScale(options: Wishes, { prompted, folder }: PromptedRun): ScoreScale {
  const { prevalence, threshold, maxFalsePositives } = options;
  if (maxFalsePositives !== undefined || threshold === 'f1') {
    throw new VultuneError(
      'SCAN_NO_VALIDATION',
      'a prompted model has no validation scores to choose a threshold on',
      { where: { file: folder }, hint: 'Use --threshold with a number, or none: more yes than no.' },
    );
  }
  return {
    threshold: threshold ?? prompted.threshold,
    uncertainFrom: undefined,
    source: threshold === undefined ? 'more yes than no among the answers' : 'as requested',
    shift: (score) => (prevalence === undefined ? score : shiftPrior(score, UNKNOWN_PREVALENCE, prevalence)),
    cautions: [],
    warnings: [],
    blend: undefined,
    blendFingerprint: undefined,
    measured: undefined,
    functionContext: undefined,
    textsCaution: undefined,
  };
}

interface OperatingPoint {
  readonly threshold: number;
  readonly uncertainFrom?: number;
  /** In words, for the output. */
  readonly source: string;
  /** Something the user should know before relying on it. */
  readonly caution?: string;
}

async function operatingPoint(
  { threshold, maxFalsePositives, run }: Wishes,
  header: AdapterHeader,
  scale: AdapterScale,
): Promise<OperatingPoint> {
  if (typeof threshold === 'number') return { threshold, source: 'as requested' };
  if (maxFalsePositives !== undefined) {
    const negatives = validationNegatives(run, scale.blend === undefined ? 'score' : 'blend_score');
    await requireOwnScores(run, header, scale.blend?.fingerprint);
    return pointOf(thresholdWithin(negatives, maxFalsePositives));
  }
  if (threshold === undefined && scale.alarmBudget !== undefined) return pointOf(scale.alarmBudget);
  if (scale.thresholdFrom === 'fixed') {
    return { threshold: scale.threshold, source: 'the default: the adapter has none' };
  }
  const source = threshold === 'f1' ? 'the best F1 on validation' : "the adapter's, chosen on validation";
  return { threshold: scale.threshold, source };
}

function pointOf(budget: AlarmBudget): OperatingPoint {
  const { threshold, uncertainFrom } = budget;
  const point = { threshold, uncertainFrom, source: describeBudget(budget) };
  return isMeasurable(budget) ? point : { ...point, caution: budgetCaution(budget) };
}

/** A threshold from another adapter's scores would say nothing about the false alarms of this one. Throws SCAN_NO_VALIDATION. */
async function requireOwnScores(
  run: string,
  header: AdapterHeader,
  blendFingerprint: string | undefined,
): Promise<void> {
  const predictions = join(run, 'predictions');
  if ((await scoresAreOf(predictions, 'valid', header, blendFingerprint)) !== 'another') return;
  const file = join(predictions, 'valid.jsonl');
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    `a budget of false alarms needs this adapter's scores; those in ${file} are another adapter's, or were edited`,
    { where: { file }, hint: "Put back the run's own adapter and predictions, or use --threshold." },
  );
}

type ScoreField = 'score' | 'blend_score';

/** Scores of the safe functions in RUN/predictions/valid.jsonl. Throws SCAN_NO_VALIDATION. */
export function validationNegatives(runFolder: string, field: ScoreField = 'score'): number[] {
  const file = join(runFolder, 'predictions', 'valid.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const negatives = lines
    .filter((line) => line.trim() !== '')
    .map((line) => parsePrediction(line, field, file))
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

function parsePrediction(
  line: string,
  field: ScoreField,
  file: string,
): { readonly score: number; readonly target: unknown } {
  try {
    const prediction = JSON.parse(line) as { readonly [K in ScoreField | 'target']?: unknown };
    const score = prediction[field];
    if (typeof score === 'number' && score >= 0 && score <= 1) return { score, target: prediction.target };
  } catch {
    // Said below.
  }
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    `a line is not a prediction: expected JSON with \`${field}\` and \`target\``,
    {
      where: { file },
    },
  );
}

/** For a detector whose own evaluation could not tell it from chance; the measured worth with its figures stands before it. */
const CHANCE_CAUTION = 'by that measure this model is no better than chance: do not rely on its ranking';

function chanceWarning(measured: MeasuredRanking): string {
  const { split, functions, rocAuc, low, high } = measured;
  const [area, from, to] = [rocAuc, low, high].map((value) => value.toFixed(2));
  const part = split === 'test' ? 'test' : 'validation';
  return `on the ${functions} functions of its ${part} part this model is no better than chance (ROC AUC ${area}, 95%: ${from} to ${to}): do not rely on its ranking`;
}
