/** @file Functions made one sequence: how they lie in memory, and their token ids laid out so. */
import { layOut, packIds, type SequenceLayout } from './layout.ts';

export interface PackedSequence {
  /** [N] padding included. */
  readonly ids: Int32Array;
  readonly layout: SequenceLayout;
}

/** Padding, where the packing has any, holds token 0: nothing sees it. Throws FUNCTION_WITHOUT_TOKENS. */
export function packSequence(
  functions: readonly (readonly number[])[],
  packing: 'isolated' | 'none' = 'isolated',
  padTo?: number,
): PackedSequence {
  const layout = layOut(
    functions.map((ids) => ids.length),
    packing,
    padTo,
  );
  return { ids: packIds(functions, layout, 0), layout };
}
