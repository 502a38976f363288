/** @file What the model's own evaluation says of its ranking, in a sentence that every output with scores carries. */
import type { MeasuredRanking } from '../evaluation/measured-ranking.ts';
import { holdsChance } from '../evaluation/resampling/intervals.ts';

/** `ROC AUC 0.71 (95%: 0.60 to 0.80) on the 95 functions of its test part`. */
export function describeWorth(measured: MeasuredRanking | undefined): string {
  if (measured === undefined) return 'never measured: nothing says how good its ranking is';
  const { split, functions, rocAuc, low, high } = measured;
  const [area, from, to] = [rocAuc, low, high].map((value) => value.toFixed(2));
  const part = split === 'test' ? 'test' : 'validation';
  return `ROC AUC ${area} (95%: ${from} to ${to}) on the ${functions} functions of its ${part} part`;
}

/** Whether its own evaluation could tell it from chance; a model that was never measured could not. */
export const isBetterThanChance = (measured: MeasuredRanking | undefined): boolean =>
  measured !== undefined && !holdsChance(measured);
