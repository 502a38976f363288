/** @file Scores and bands in words: a score beside the threshold it is compared with, and what each band means. */
import { type Bands, UNCERTAIN_ODDS } from '../bands.ts';

/** Three digits; at a low base rate, where those are zeros, two that say something. */
export function formatScore(score: number): string {
  if (score === 0 || score >= 0.01) return score.toFixed(3);
  return score < 1e-6 ? score.toExponential(1) : score.toPrecision(2);
}

/** `score 0.830, above the threshold 0.610`: as many digits as it takes to tell the two apart. */
export function describeScore(score: number, threshold: number): string {
  const [shown, limit] = distinct(score, threshold);
  if (score === threshold) return `score ${shown}, at the threshold`;
  return `score ${shown}, ${score > threshold ? 'above' : 'below'} the threshold ${limit}`;
}

function distinct(score: number, threshold: number): readonly [string, string] {
  const [shown, limit] = [formatScore(score), formatScore(threshold)];
  if (score === threshold || shown !== limit) return [shown, limit];
  for (let digits = 4; digits < 17; digits++) {
    const pair = [score.toPrecision(digits), threshold.toPrecision(digits)] as const;
    if (pair[0] !== pair[1]) return pair;
  }
  return [String(score), String(threshold)];
}

/** Without the numbers of a scan, for help texts. */
export const BANDS =
  `vulnerable: a score at or above the threshold; uncertain: below it, down to half the odds of the threshold at most; ` +
  `safe: below that, which does not show that a function is safe`;

/** One sentence with the numbers of a scan, for its outputs. */
export function describeBands({ threshold, uncertainFrom = 0 }: Bands): string {
  const odds = threshold / (1 - threshold) / UNCERTAIN_ODDS;
  const halfOdds = threshold >= 1 ? 1 : odds / (1 + odds);
  const from = Math.max(halfOdds, Math.min(threshold, uncertainFrom));
  const why = from > halfOdds ? '' : ' (half the odds of the threshold)';
  const uncertain = from === threshold ? 'none uncertain' : `uncertain from ${formatScore(from)}${why}`;
  return (
    `Bands: vulnerable from the threshold ${formatScore(threshold)} on, ${uncertain}, ` +
    `safe below, which does not show that a function is safe.`
  );
}
