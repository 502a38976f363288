/** @file Chooses among the calibrations by cross-validated log loss on validation, and fits the chosen one on all of it. */
import { VultuneError } from '../../base/errors.ts';
import { clusterFolds } from '../folds.ts';
import type { ClusteredRecord } from '../resampling/clusters.ts';
import {
  CALIBRATION_METHODS,
  type Calibration,
  type CalibrationMap,
  type CalibrationMethod,
  calibrate,
} from './calibration.ts';
import { fitIsotonic, fitPlatt, fitTemperature } from './fit-maps.ts';

export interface CalibrationData {
  readonly records: readonly (ClusteredRecord & { readonly target: number })[];
  /** [N] the network's own probabilities. */
  readonly scores: ArrayLike<number>;
}

export interface ChosenCalibration {
  readonly calibration: Calibration;
  /** Mean nats a function on folds it was not fitted on, by method; the chosen one has the least. */
  readonly logLosses: Readonly<Record<CalibrationMethod, number>>;
}

const FOLDS = 5;
/** With fewer functions of either class than this every method is overfitted, and none is fitted. */
const LEAST_OF_A_CLASS = 10;

const fits: Readonly<
  Record<CalibrationMethod, (labels: ArrayLike<number>, scores: ArrayLike<number>) => CalibrationMap>
> = {
  none: () => ({ method: 'none' }),
  temperature: fitTemperature,
  platt: fitPlatt,
  isotonic: fitIsotonic,
};

/**
 * Functions of one commit are in one fold. `none` is a candidate like the others: a calibration that does not pay on
 * unseen functions is not used.
 *
 * @returns `undefined` with fewer than 10 functions of either class
 */
export function chooseCalibration({ records, scores }: CalibrationData): ChosenCalibration | undefined {
  const labels = records.map(({ target }) => target);
  const positives = labels.filter((label) => label === 1).length;
  if (Math.min(positives, labels.length - positives) < LEAST_OF_A_CLASS) return undefined;
  const folds = clusterFolds(records, FOLDS, 'calibration-folds');
  const loss = (method: CalibrationMethod) => {
    let sum = 0;
    for (let fold = 0; fold < FOLDS; fold++) {
      const rows = [...labels.keys()];
      const inside = rows.filter((row) => folds[row] !== fold);
      const map = fits[method](
        inside.map((row) => labels[row]!),
        inside.map((row) => scores[row]!),
      );
      for (const row of rows)
        if (folds[row] === fold) sum += logLoss(labels[row]!, calibrate(map, scores[row]!));
    }
    return sum / labels.length;
  };
  const logLosses = Object.fromEntries(CALIBRATION_METHODS.map((method) => [method, loss(method)])) as Record<
    CalibrationMethod,
    number
  >;
  // Among equals the simplest wins, which stands first.
  const best = CALIBRATION_METHODS.reduce((a, b) => (logLosses[b] < logLosses[a] ? b : a));
  return { calibration: fitted(best, labels, positives, scores), logLosses };
}

/** One method by name. @throws VultuneError CALIBRATION_ONE_CLASS */
export function fitCalibration(method: CalibrationMethod, { records, scores }: CalibrationData): Calibration {
  const labels = records.map(({ target }) => target);
  const positives = labels.filter((label) => label === 1).length;
  if (positives === 0 || positives === labels.length) {
    throw new VultuneError(
      'CALIBRATION_ONE_CLASS',
      `cannot fit a calibration on ${positives} vulnerable and ${labels.length - positives} other functions: needs some of both`,
      { hint: 'Give a validation file with functions of both labels.' },
    );
  }
  return fitted(method, labels, positives, scores);
}

function fitted(
  method: CalibrationMethod,
  labels: readonly number[],
  positives: number,
  scores: ArrayLike<number>,
): Calibration {
  const map = fits[method](labels, scores);
  return { ...map, functions: labels.length, prevalence: positives / labels.length };
}

const logLoss = (label: number, p: number) => -Math.log(Math.min(Math.max(label === 1 ? p : 1 - p, 1e-7), 1));
