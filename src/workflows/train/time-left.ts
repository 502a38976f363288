/** @file How long a training still takes, from what its steps and validations took so far. Pure; knows no clock. */

export interface TrainingPace {
  readonly stepsLeft: number;
  /** Mean of the last steps; undefined before the first. */
  readonly msPerStep: number | undefined;
  /** The validation that is under way. */
  readonly validation?:
    | { readonly done: number; readonly total: number; readonly elapsedMs: number }
    | undefined;
  /** One has to be done before the next step. */
  readonly isValidationDue?: boolean;
  /** After that one. */
  readonly validationsLeft: number;
  /** What the last one took; undefined before the first, which then counts for nothing. */
  readonly msPerValidation: number | undefined;
}

/** Milliseconds; undefined while steps are left and none was timed, or all that is left is a first validation. */
export function trainingTimeLeftMs(pace: TrainingPace): number | undefined {
  const {
    stepsLeft,
    msPerStep,
    validation,
    isValidationDue = false,
    validationsLeft,
    msPerValidation,
  } = pace;
  if (stepsLeft > 0 && msPerStep === undefined) return undefined;
  const stepsMs = stepsLeft === 0 ? 0 : stepsLeft * msPerStep!;
  if (validation === undefined) {
    const validations = validationsLeft + (isValidationDue ? 1 : 0);
    if (stepsLeft === 0 && validations > 0 && msPerValidation === undefined) return undefined;
    return stepsMs + validations * (msPerValidation ?? 0);
  }
  const { done, total, elapsedMs } = validation;
  const wholeMs = done > 0 ? (elapsedMs / done) * total : msPerValidation;
  if (wholeMs === undefined) return undefined;
  // The first fills caches of the layers that are not trained: what has been timed whole tells more of later ones.
  return Math.max(0, wholeMs - elapsedMs) + stepsMs + validationsLeft * (msPerValidation ?? wholeMs);
}

export interface TrainingPosition {
  readonly step: number;
  readonly totalSteps: number;
  /** Epochs gone through after `step`, with the fraction. */
  readonly epoch: number;
}

/** Validations that come after those at `step` or before. With 'epoch' from the mean length of an epoch so far. */
export function validationsAfter(
  { step, totalSteps, epoch }: TrainingPosition,
  every: number | 'epoch' | undefined,
): number {
  if (every === undefined || step >= totalSteps) return 0;
  if (every !== 'epoch') return Math.ceil(totalSteps / every) - Math.floor(step / every);
  if (step === 0) return 0;
  const lastEpoch = (epoch / step) * totalSteps;
  // Thirds add up to a little less, or more, than one.
  return Math.ceil(lastEpoch - 1e-6) - Math.floor(epoch + 1e-6);
}

/** Whether a validation comes between `step` and the next one. */
export function isValidationDue(
  { step, totalSteps, epoch }: TrainingPosition,
  every: number | 'epoch' | undefined,
): boolean {
  if (every === undefined || step === 0) return false;
  if (step === totalSteps) return true;
  return every === 'epoch' ? Math.abs(epoch - Math.round(epoch)) < 1e-6 : step % every === 0;
}
