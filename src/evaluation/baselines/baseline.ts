/** @file What a baseline is: something cheap that a fine-tuned model has to beat. Knows no particular one. */
import { VultuneError } from '../../base/errors.ts';

export interface CodeFunction {
  readonly code: string;
}

export interface LabelledFunction extends CodeFunction {
  /** 1 vulnerable, 0 not. */
  readonly target: number;
}

export interface Baseline {
  /** Stable key in metrics.json. */
  readonly name: string;
  /** As a table and a sentence call it. */
  readonly label: string;
  /**
   * Deterministic: the same functions give the same scores.
   *
   * @param validation used to choose hyperparameters where there are any
   * @throws VultuneError BASELINE_ONE_CLASS when `train` has not both labels
   */
  fit(train: readonly LabelledFunction[], validation?: readonly LabelledFunction[]): FittedBaseline;
}

export interface FittedBaseline {
  /** [N] probability of vulnerable, in [0, 1]. */
  score(functions: readonly CodeFunction[]): Float64Array;
  /** Where the threshold is part of the baseline; else it is chosen on validation like the model's. */
  readonly threshold?: number;
  /** What was chosen or left out while fitting, for a table's footnote. */
  readonly note?: string;
}

/** Share of vulnerable functions; every baseline calls it first, so all refuse the same data. */
export function trainingPrevalence(baseline: string, train: readonly LabelledFunction[]): number {
  const vulnerable = train.filter((entry) => entry.target === 1).length;
  if (vulnerable === 0 || vulnerable === train.length) {
    throw new VultuneError(
      'BASELINE_ONE_CLASS',
      `the baseline "${baseline}" was given ${vulnerable} vulnerable and ${train.length - vulnerable} other training functions, expected some of both`,
      { hint: 'Give a training file with functions of both labels.' },
    );
  }
  return vulnerable / train.length;
}
