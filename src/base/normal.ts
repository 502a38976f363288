/** @file The standard normal distribution: its distribution function and the inverse of it. */
import { erf } from './erf.ts';

/** Share of values at or below `z`. */
export const normal = (z: number): number => (1 + erf(z / Math.SQRT2)) / 2;

const HALVINGS = 60;
const FARTHEST = 8;

/** The `z` that `share` of values lie at or below; from -8 to 8. By bisection: it is asked for a few times an interval. */
export function inverseNormal(share: number): number {
  let [low, high] = [-FARTHEST, FARTHEST];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (normal(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
