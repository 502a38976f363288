/** @file Mean and scale that make a feature one of mean 0 and variance 1. */

export interface Standardiser {
  readonly mean: number;
  /** 1 / standard deviation; 0 where all values are the same. */
  readonly scale: number;
}

/** @param values [N] at least one */
export function standardiser(values: readonly number[]): Standardiser {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // Functions of one value carry nothing; rounding of the mean must not be scaled up into a feature.
  return { mean, scale: variance > (1e-9 * mean) ** 2 ? 1 / Math.sqrt(variance) : 0 };
}
