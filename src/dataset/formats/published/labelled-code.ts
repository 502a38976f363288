/** @file The function and the label of a row, for sets that keep them in `func` and `target`. */
import type { Target } from '../../record.ts';
import type { TableRow } from '../rows/table-row.ts';
import { type RowContext, unreadableTarget } from '../table-format.ts';
import { codeOf, targetOf } from './cells.ts';

export interface LabelledCode {
  readonly code: string;
  readonly target: Target | undefined;
}

/**
 * Undefined for a row without a function, which is tallied.
 * @throws VultuneError `DATASET_LABEL` where a label is asked for and cannot be read.
 */
export function labelledCode(
  row: TableRow['value'],
  { tally, where, requireTarget }: RowContext,
): LabelledCode | undefined {
  const code = codeOf(row.func);
  const target = targetOf(row.target);
  if (code === undefined) {
    tally.add('no code');
    return undefined;
  }
  if (target === undefined && requireTarget) throw unreadableTarget(row.target, 'target', where);
  return { code, target };
}
