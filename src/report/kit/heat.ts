/** @file Scores of lines → warmth on a page. */

/** [lines] 0..1: what says "vulnerable", as a share of the line that says it most. */
export function lineHeat(scores: ArrayLike<number>): number[] {
  const positive = Array.from(scores, (score) => Math.max(0, score));
  const top = positive.reduce((most, score) => Math.max(most, score), 0);
  return top === 0 ? positive : positive.map((score) => score / top);
}
