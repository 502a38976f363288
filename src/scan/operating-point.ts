/**
 * @file From which score on a function is reported: the adapter's threshold, another one, or a budget of false alarms; and the bands
 * around it. Knows scores only.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import type { Band } from './finding.ts';

/** `uncertain` reaches down to half the odds of the threshold. */
const UNCERTAIN_ODDS = 2;

export function bandOf(score: number, threshold: number): Band {
  if (score >= threshold) return 'vulnerable';
  const odds = (p: number) => p / (1 - p);
  return odds(score) * UNCERTAIN_ODDS >= odds(threshold) ? 'uncertain' : 'safe';
}

export interface OperatingPoint {
  readonly threshold: number;
  /** In words, for the output. */
  readonly source: string;
  /** Something the user should know before relying on it. */
  readonly caution?: string;
}

/**
 * The lowest threshold at which at most `share` of the negatives are flagged. A score as high as a negative's flags
 * that negative, so the threshold lies just above the highest negative that may not be flagged.
 */
export function thresholdForBudget(negatives: readonly number[], share: number): OperatingPoint {
  const sorted = negatives.toSorted((a, b) => b - a);
  // 0.1 * 30 is 3.0000000000000004 in floating point, 0.29 * 100 is 28.999999999999996.
  const allowed = Math.floor(share * sorted.length + 1e-9);
  const firstForbidden = sorted[allowed];
  const threshold = firstForbidden === undefined ? 0 : nextAbove(firstForbidden);
  const flagged = sorted.filter((score) => score >= threshold).length;
  const source = `at most ${formatShare(share)} false alarms: ${flagged} of ${sorted.length} safe validation functions`;
  if (allowed >= 1 || share === 0) return { threshold, source };
  return {
    threshold,
    source,
    caution:
      `${sorted.length} safe validation functions are too few to measure a rate of ${formatShare(share)}:  ` +
      `the threshold is above all of them`,
  };
}

const formatShare = (share: number) => `${Number((100 * share).toPrecision(3))} %`;

function nextAbove(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0);
}

/** Scores of the safe functions in RUN/predictions/valid.jsonl. Throws SCAN_NO_VALIDATION. */
export function validationNegatives(runFolder: string): number[] {
  const file = join(runFolder, 'predictions', 'valid.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const negatives = lines
    .filter((line) => line.trim() !== '')
    .map((line) => parsePrediction(line, file))
    .filter(({ target }) => target === 0)
    .map(({ score }) => score);
  if (negatives.length > 0) return negatives;
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    `a budget of false alarms needs the scores of safe validation functions; ${file} has none`,
    {
      where: { file },
      hint: 'Give the run folder itself (not its adapter), of a run that was validated; or use --threshold.',
    },
  );
}

function parsePrediction(line: string, file: string): { readonly score: number; readonly target: unknown } {
  try {
    const { score, target } = JSON.parse(line) as { score?: unknown; target?: unknown };
    if (typeof score === 'number' && score >= 0 && score <= 1) return { score, target };
  } catch {
    // Said below.
  }
  throw new VultuneError(
    'SCAN_NO_VALIDATION',
    'a line is not a prediction: expected JSON with `score` and `target`',
    {
      where: { file },
    },
  );
}

/** `1/200`, `0.005`, `0.5%`. Undefined when it is none of these, or not from 0 to 1. */
export function parseBudget(text: string): number | undefined {
  const match = /^\s*([\d.]+)\s*(?:\/\s*([\d.]+)|(%))?\s*$/.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]) / (match[3] === '%' ? 100 : Number(match[2] ?? 1));
  return value >= 0 && value <= 1 ? value : undefined;
}
