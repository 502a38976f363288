/** @file What a part of a dataset is too poor for, said where the part is made or checked: nothing can be judged on one class. */
import type { Fractions, Split } from './parts.ts';

interface PartCounts {
  readonly functions: number;
  readonly vulnerable: number;
}

/** One sentence for each part that is empty or has one class. `fractions`: a part that was given no share is not missed. */
export function partWarnings(
  parts: Readonly<Record<string, PartCounts>>,
  fractions?: Fractions,
): readonly string[] {
  return Object.entries(parts).flatMap(([part, { functions, vulnerable }]) => {
    const isWanted = fractions === undefined || fractions[part as Split] !== 0;
    if (functions === 0) return isWanted ? [`${part} is empty`] : [];
    if (vulnerable === 0) return [`${part} has no vulnerable function: ${CONSEQUENCE}`];
    if (vulnerable === functions) return [`${part} has only vulnerable functions: ${CONSEQUENCE}`];
    return [];
  });
}

const CONSEQUENCE = 'no model can be trained or evaluated on one class alone';
