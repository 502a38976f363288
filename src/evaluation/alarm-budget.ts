/**
 * @file A threshold by a budget of false alarms: so many of the functions that are not vulnerable may be flagged. Chosen on
 * validation, kept with the adapter. It flags few even where a model is weak, for which the best F1 calls everything vulnerable.
 */
import { z } from '../schema/zod.ts';

export interface AlarmBudget {
  /** At most this share of the functions that are not vulnerable is flagged. */
  readonly share: number;
  /** A function is flagged when its score >= threshold; above 1: none is. */
  readonly threshold: number;
  /** The same for {@link UNCERTAIN_BUDGETS} times the share: below it a function is not worth a look. */
  readonly uncertainFrom: number;
  /** Functions that are not vulnerable, which it was chosen on. */
  readonly negatives: number;
  /** How many of them the threshold flags. */
  readonly flagged: number;
}

/** What a scan uses that is not told otherwise: somebody reads what it flags. */
export const DEFAULT_BUDGET = 0.02;

/** How many budgets reach down to what is called uncertain. */
const UNCERTAIN_BUDGETS = 5;

/**
 * The lowest threshold at which at most `share` of the negatives are flagged. A score as high as a negative's flags that negative,
 * so the threshold lies just above the highest negative that may not be flagged.
 *
 * @param negatives [K] scores of functions that are not vulnerable, in [0, 1]; at least one
 */
export function thresholdWithin(negatives: ArrayLike<number>, share: number): AlarmBudget {
  const sorted = Float64Array.from(negatives).sort().reverse();
  const within = (part: number) => {
    const firstForbidden = sorted[allowedAlarms(part, sorted.length)];
    return firstForbidden === undefined ? 0 : nextAbove(firstForbidden);
  };
  const threshold = within(share);
  return {
    share,
    threshold,
    uncertainFrom: within(Math.min(1, UNCERTAIN_BUDGETS * share)),
    negatives: sorted.length,
    flagged: sorted.filter((score) => score >= threshold).length,
  };
}

/** The budget of a scan on validation; `undefined` without a function that is not vulnerable. */
export function defaultBudget({
  records,
  scores,
}: {
  readonly records: readonly { readonly target: number }[];
  readonly scores: ArrayLike<number>;
}): AlarmBudget | undefined {
  const negatives = records.flatMap(({ target }, i) => (target === 1 ? [] : [scores[i]!]));
  return negatives.length === 0 ? undefined : thresholdWithin(negatives, DEFAULT_BUDGET);
}

/** Fewer negatives than one alarm's worth cannot show that the share is kept. */
export const isMeasurable = ({ share, negatives }: Pick<AlarmBudget, 'share' | 'negatives'>): boolean =>
  share === 0 || allowedAlarms(share, negatives) >= 1;

/** "at most 1 in 50 functions of validation that are not vulnerable (3 of 172)". */
export function describeBudget({ share, negatives, flagged }: AlarmBudget): string {
  return `at most ${describeShare(share)} of validation that are not vulnerable (${flagged} of ${negatives})`;
}

/** What to say of a budget that validation is too small for. */
export function budgetCaution({ share, negatives }: AlarmBudget): string {
  return (
    `${negatives} functions of validation that are not vulnerable are too few to show a rate of ${describeShare(share)}: ` +
    'the threshold is above all of them'
  );
}

/** "1 in 50 functions", "3.5 % of the functions". */
function describeShare(share: number): string {
  const count = 1 / share;
  if (Number.isFinite(count) && Math.abs(count - Math.round(count)) < 1e-9 * count)
    return `1 in ${Math.round(count)} functions`;
  return `${Number((100 * share).toPrecision(3))} % of the functions`;
}

/** 0.1 * 30 is 3.0000000000000004 in floating point, 0.29 * 100 is 28.999999999999996. */
const allowedAlarms = (share: number, negatives: number) => Math.floor(share * negatives + 1e-9);

function nextAbove(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0);
}

/** Just above 1 where the highest negative has a score of 1. */
const reach = z
  .number()
  .min(0)
  .max(1 + Number.EPSILON);

export const alarmBudgetSchema = z
  .object({
    share: z.number().min(0).max(1),
    threshold: reach,
    uncertainFrom: reach,
    negatives: z.int().positive(),
    flagged: z.int().min(0),
  })
  .refine(({ threshold, uncertainFrom }) => uncertainFrom <= threshold, {
    message: 'it has "uncertainFrom" above "threshold"',
  })
  .refine(({ flagged, negatives }) => flagged <= negatives, { message: 'it flags more than there are' });
