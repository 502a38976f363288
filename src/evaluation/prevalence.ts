/**
 * @file Another base rate: a model trained and tested where half of the functions are vulnerable is used where one in
 * a thousand is. What it finds and what it flags wrongly stay; precision and probabilities do not.
 */
import { VultuneError } from '../base/errors.ts';
import { type Interval, percentileInterval, type Replicates } from './resampling/intervals.ts';

/** The assumed share for an adapter that does not say how many of its functions were vulnerable: both classes alike. */
export const UNKNOWN_PREVALENCE = 0.5;

/**
 * Bayes: odds times the ratio of the prior odds. Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a
 * classifier to new a priori probabilities", equation 2.4. Strictly increasing: no order changes.
 *
 * @param from share of vulnerable functions at which `score` is true
 * @param to share where it is used
 */
export function shiftPrior(score: number, from: number, to: number): number {
  checkShare(from);
  checkShare(to);
  const [yes, no] = [score * (to / from), (1 - score) * ((1 - to) / (1 - from))];
  return yes / (yes + no);
}

export interface AtPrevalence {
  readonly prevalence: number;
  /** Share of flagged functions that are vulnerable; 0 when none is flagged. */
  readonly precision: number;
  /** Alerts among 1000 functions. */
  readonly alertsPer1000: number;
  readonly foundPer1000: number;
  readonly precisionInterval?: Interval;
}

/** Recall and false positive rate are of each class by itself, so they hold at any base rate. */
export function atPrevalence(
  { recall, falsePositiveRate }: { readonly recall: number; readonly falsePositiveRate: number },
  prevalence: number,
  replicates?: Replicates,
): AtPrevalence {
  checkShare(prevalence);
  const found = recall * prevalence;
  const flagged = found + falsePositiveRate * (1 - prevalence);
  const [recalls, rates] = [replicates?.get('recall'), replicates?.get('falsePositiveRate')];
  const interval =
    recalls === undefined || rates === undefined
      ? undefined
      : percentileInterval(
          recalls.map((value, r) => precisionOf(value * prevalence, rates[r]! * (1 - prevalence))),
        );
  return {
    prevalence,
    precision: precisionOf(found, flagged - found),
    alertsPer1000: 1000 * flagged,
    foundPer1000: 1000 * found,
    ...(interval === undefined ? {} : { precisionInterval: interval }),
  };
}

const precisionOf = (right: number, wrong: number) => (right === 0 ? 0 : right / (right + wrong));

function checkShare(share: number): void {
  if (share > 0 && share < 1) return;
  throw new VultuneError(
    'EVALUATION_PREVALENCE',
    `the prevalence is ${share}, expected a share between 0 and 1`,
    {
      where: { name: 'prevalence' },
      hint: 'Give the share of functions that are vulnerable, such as 0.03.',
    },
  );
}
