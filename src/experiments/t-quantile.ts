/** @file The 97.5 % quantile of Student's t distribution, for 95 % intervals of a mean over a few seeds. */

/** Degrees of freedom 1 to 30; a table of any textbook. */
const TABLE = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL = 1.959964;

/**
 * @param freedom degrees of freedom, at least 1; a fraction is rounded down, which makes the interval wider
 *
 * Past 30 by Cornish and Fisher's expansion to the second order in 1/n (Abramowitz and Stegun 26.7.5).
 */
export function tQuantile975(freedom: number): number {
  const whole = Math.max(1, Math.floor(freedom));
  const z = NORMAL;
  return (
    TABLE[whole - 1] ??
    z + (z ** 3 + z) / (4 * whole) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * whole ** 2)
  );
}
