/** @file Findings with what was found of them → the order of triage: by score, those without one behind, in the scanner's order. */
import type { TriageCounts, TriagedFinding } from './triaged.ts';

/** A finding before it has its rank, in the scanner's order. */
export type UnrankedFinding = Omit<TriagedFinding, 'rank' | 'suppress'>;

export function rankFindings(
  findings: readonly UnrankedFinding[],
  suppressBelow: number | undefined,
): readonly TriagedFinding[] {
  const score = ({ judged }: UnrankedFinding) => judged?.score ?? Number.NEGATIVE_INFINITY;
  // Sorting is stable: equal scores, as those of one function, stay as the scanner has them.
  const sorted = findings.toSorted((a, b) => (score(a) === score(b) ? 0 : score(b) - score(a)));
  return sorted.map((one, i) => ({ ...one, rank: i + 1, suppress: isSuppressed(one, suppressBelow) }));
}

export function countFindings(
  findings: readonly TriagedFinding[],
  threshold: number,
  suppressBelow: number | undefined,
): TriageCounts {
  const scored = findings.filter(({ judged }) => judged !== undefined).length;
  return {
    findings: findings.length,
    scored,
    unscored: findings.length - scored,
    aboveThreshold: findings.filter(({ judged }) => judged !== undefined && judged.score >= threshold).length,
    suppressed: findings.filter(({ suppress }) => suppress).length,
    truncatedKept: findings.filter((one) => isBelow(one, suppressBelow) && one.judged!.truncated).length,
  };
}

/** What the model did not read to its end may be what the scanner means. */
const isSuppressed = (one: UnrankedFinding, below: number | undefined) =>
  isBelow(one, below) && !one.judged!.truncated;

const isBelow = ({ judged }: UnrankedFinding, below: number | undefined) =>
  below !== undefined && judged !== undefined && judged.score < below;
