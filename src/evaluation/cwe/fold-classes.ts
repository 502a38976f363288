/** @file A table by CWE that can be read: classes of too few functions are one row. */
import { LEAST_OF_A_SLICE } from '../slices/evaluate-slices.ts';
import type { CweClassFigures } from './evaluate-cwe.ts';

export interface CweRow {
  /** `CWE-79`, or `4 CWEs of fewer than 20 functions`. */
  readonly label: string;
  /** Undefined for the folded row. */
  readonly id: string | undefined;
  readonly functions: number;
  readonly top1: number;
  readonly top3: number;
  readonly f1: number | undefined;
}

/** In the order given; the folded row last. A single small class stays itself: a row of one hides its name and shows the same. */
export function foldClasses(
  classes: readonly Pick<CweClassFigures, 'id' | 'functions' | 'top1' | 'top3' | 'f1'>[],
): CweRow[] {
  const small = classes.filter(({ functions }) => functions < LEAST_OF_A_SLICE);
  const isFolded = (one: { readonly functions: number }) =>
    small.length > 1 && one.functions < LEAST_OF_A_SLICE;
  const rows = classes
    .filter((one) => !isFolded(one))
    .map(({ id, functions, top1, top3, f1 }): CweRow => ({ label: id, id, functions, top1, top3, f1 }));
  if (small.length < 2) return rows;
  const functions = small.reduce((sum, one) => sum + one.functions, 0);
  const mean = (of: (one: (typeof small)[number]) => number) =>
    small.reduce((sum, one) => sum + of(one) * one.functions, 0) / functions;
  return [
    ...rows,
    {
      label: `${small.length} CWEs of fewer than ${LEAST_OF_A_SLICE} functions`,
      id: undefined,
      functions,
      top1: mean(({ top1 }) => top1),
      top3: mean(({ top3 }) => top3),
      f1: undefined,
    },
  ];
}
