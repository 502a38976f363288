/** @file The band of a score: what a reader is told first. */
import type { Band } from './finding.ts';

/** `uncertain` reaches down to half the odds of the threshold. */
export const UNCERTAIN_ODDS = 2;

export interface Bands {
  readonly threshold: number;
  /** The scores of a weak model lie close together: half the odds would take in nearly all functions. */
  readonly uncertainFrom?: number | undefined;
}

export function bandOf(score: number, { threshold, uncertainFrom = 0 }: Bands): Band {
  if (score >= threshold) return 'vulnerable';
  if (score < uncertainFrom) return 'safe';
  // A threshold that no score reaches lies just above 1.
  const odds = (p: number) => (p >= 1 ? Number.POSITIVE_INFINITY : p / (1 - p));
  return odds(score) * UNCERTAIN_ODDS >= odds(threshold) ? 'uncertain' : 'safe';
}
