/** @file What was cut of a data file, in a sentence: for the start of a training, its check, its card and its page. */
import { formatCount, formatPercent } from '../../base/numbers.ts';
import type { Truncation } from '../../network/truncation.ts';
import type { Reporter } from '../context.ts';

export interface CutPart extends Truncation {
  /** `train_file` ... */
  readonly key: string;
  /** Functions of identical pairs that are left out of training. */
  readonly leftOut: number;
}

export interface TruncationText {
  readonly text: string;
  /** Whether something is wrong with what is learnt or measured, and not only cut. */
  readonly isWarning: boolean;
}

/** Undefined where all functions are read whole and all pairs differ. */
export function truncationText(
  { key, functions, truncated, pairs, identicalPairs, leftOut }: CutPart,
  maxLength: number,
): TruncationText | undefined {
  if (truncated === 0 && identicalPairs === 0) return undefined;
  const cut = `${key}: ${formatCount(truncated)} of ${formatCount(functions)} functions (${formatPercent(truncated / functions)}) are longer than max_length = ${maxLength}`;
  if (identicalPairs === 0) return { text: `${cut}; no pair loses its difference`, isWarning: false };
  const same = `${formatCount(identicalPairs)} of ${formatCount(pairs)} pairs (${formatPercent(identicalPairs / pairs)}) are the same tokens under both labels, what differs is not read`;
  const then =
    leftOut > 0
      ? `their ${formatCount(leftOut)} functions are left out of training (drop_identical_pairs)`
      : key === 'train_file'
        ? 'they stay in training (drop_identical_pairs: false)'
        : 'no model can tell them apart';
  return { text: `${cut}; ${same}: ${then}; max_length: auto reads more`, isWarning: true };
}

/** A sentence for each part of which something is cut. */
export function reportTruncation(
  parts: readonly CutPart[],
  maxLength: number,
  report: Pick<Reporter, 'note' | 'warn'>,
): void {
  for (const part of parts) {
    const found = truncationText(part, maxLength);
    if (found === undefined) continue;
    if (found.isWarning) report.warn(found.text);
    else report.note(found.text);
  }
}
