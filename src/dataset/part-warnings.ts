/** @file What a part of a dataset is too poor for, said where the part is made or checked, with what to change: nothing can be judged on one class. */
import type { Fractions, Split } from './parts.ts';

interface PartCounts {
  readonly functions: number;
  readonly vulnerable: number;
}

/** One sentence for each part that is empty, tiny or has one class. `fractions`: a part that was given no share is not missed. */
export function partWarnings(
  parts: Readonly<Record<string, PartCounts>>,
  fractions?: Fractions,
): readonly string[] {
  return Object.entries(parts).flatMap(([part, { functions, vulnerable }]) => {
    const isWanted = fractions === undefined || fractions[part as Split] !== 0;
    if (functions === 0) return isWanted ? [`${part} is empty: ${MORE}`] : [];
    if (vulnerable === 0) return [`${part} has no vulnerable function: ${CONSEQUENCE}; ${MORE}`];
    if (vulnerable === functions) {
      return [
        `${part} has only vulnerable functions: ${CONSEQUENCE}; add fixed or unchanged functions (--negatives)`,
      ];
    }
    const fewer = Math.min(vulnerable, functions - vulnerable);
    return fewer < TINY
      ? [
          `${part} has ${fewer} ${fewer === vulnerable ? 'vulnerable' : 'other'} function${fewer === 1 ? '' : 's'}: below ${TINY} a figure says next to nothing; ${MORE}`,
        ]
      : [];
  });
}

/** With fewer of one class, a 95% interval of the ROC AUC is wider than 0.25 around 0.7 (Hanley and McNeil, 1982). */
const TINY = 10;
const MORE = 'give it a larger share (--fractions) or more fixes';
const CONSEQUENCE = 'no model can be trained or evaluated on one class alone';
