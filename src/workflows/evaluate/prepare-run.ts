/** @file A run's scores on the test file, calibrated, with the threshold that goes with them. */
import { VultuneError } from '../../base/errors.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { type Calibration, calibrateAll } from '../../evaluation/calibration/calibration.ts';
import { chooseCalibration, fitCalibration } from '../../evaluation/calibration/choose-calibration.ts';
import type { BlendedScores } from '../../evaluation/compare-baselines.ts';
import type { CweClass } from '../../evaluation/cwe/choose-classes.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import type { EvaluationRow } from '../../evaluation/evaluation-row.ts';
import type { PrecisionDrift } from '../open/precision.ts';
import { blendedRun } from './blended-run.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import type { ScoringRun } from './scoring-run.ts';

export interface PreparedRun {
  readonly name: string;
  /** [N] of the test functions that are kept; calibrated. */
  readonly scores: Float64Array;
  /** [V] of validation, calibrated, where that is known without computing. */
  readonly validScores: Float64Array | undefined;
  readonly threshold: number;
  readonly thresholdFrom: EvaluationRow['thresholdFrom'];
  readonly calibration: Calibration | undefined;
  /** [N] of the test functions that are kept; undefined without a blend, and for several runs. */
  readonly blend?: BlendedScores | undefined;
  /** Missing where scores are in the precision that the model was trained in. */
  readonly drift?: PrecisionDrift;
  /** What its CWE head says of the test functions that are kept; undefined without such a head. */
  readonly cwe?: PreparedCwe | undefined;
}

export interface PreparedCwe {
  readonly classes: readonly CweClass[];
  /** [N] undefined for functions without one of the classes. */
  readonly guesses: readonly (readonly CweProbability[] | undefined)[];
}

export interface TestData {
  readonly path: string;
  /** The whole file: scores are kept for all of it. */
  readonly file: readonly LabelledRecord[];
  readonly isKept: (row: number) => boolean;
}

export interface ValidationData {
  readonly path: string;
  readonly records: readonly LabelledRecord[];
}

type Wishes = Pick<EvaluateOptions, 'valid' | 'calibration' | 'threshold' | 'runs' | 'blend'>;

export async function prepareRun(
  run: ScoringRun,
  { path, file, isKept }: TestData,
  validation: ValidationData | undefined,
  wishes: Wishes,
): Promise<PreparedRun> {
  const needsValidation = wishes.valid !== undefined || wishes.calibration !== undefined;
  if (needsValidation && validation === undefined) {
    throw new VultuneError(
      'EVALUATION_NO_VALIDATION',
      'a calibration needs validation functions, and none are known',
      {
        where: { name: 'calibration' },
        hint: 'Give them with --valid FILE.',
      },
    );
  }
  const all = await run.rawScores('scoring', path, file);
  const raw = all.filter((_, row) => isKept(row));
  const wantsValidation = needsValidation || (wishes.runs.length > 1 && validation !== undefined);
  const rawValid = wantsValidation
    ? await run.rawScores('validation', validation!.path, validation!.records)
    : undefined;
  const calibration = pickCalibration(run, wishes.calibration, validation, rawValid);
  const validScores = rawValid && calibrateAll(calibration, rawValid);
  const isChosenHere = needsValidation && wishes.threshold === undefined;
  const chosen = isChosenHere
    ? thresholdFor({ records: validation!.records, scores: validScores! })
    : undefined;
  const ofValidation = rawValid && { ...validation!, scores: rawValid };
  const blend =
    wishes.runs.length > 1
      ? undefined
      : await blendedRun(run, { path, records: file, scores: all }, ofValidation, wishes);
  const cwes = await run.cwes(path, file);
  const drift = await run.drift();
  return {
    name: run.name,
    scores: calibrateAll(calibration, raw),
    validScores,
    threshold: wishes.threshold ?? chosen ?? run.threshold,
    thresholdFrom: wishes.threshold !== undefined ? 'given' : isChosenHere ? 'validation' : run.thresholdFrom,
    calibration,
    ...(drift === undefined ? {} : { drift }),
    ...(cwes === undefined
      ? {}
      : { cwe: { classes: run.cweHead!.classes, guesses: cwes.filter((_, row) => isKept(row)) } }),
    blend: blend && { ...blend, scores: Float64Array.from(blend.scores).filter((_, row) => isKept(row)) },
  };
}

function pickCalibration(
  run: ScoringRun,
  wanted: Wishes['calibration'],
  validation: ValidationData | undefined,
  scores: Float64Array | undefined,
): Calibration | undefined {
  if (wanted === undefined) return run.calibration;
  const data = { records: validation!.records, scores: scores! };
  return wanted === 'auto' ? chooseCalibration(data)?.calibration : fitCalibration(wanted, data);
}
