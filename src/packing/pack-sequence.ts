/** @file Functions made one sequence: how they lie in memory, and their token ids laid out so. */
import { layOut, type Packing, packIds, type SequenceLayout } from './layout.ts';
import { findSharedPrefixes } from './shared-prefixes.ts';

export interface PackedSequence {
  /** [N] padding included. */
  readonly ids: Int32Array;
  readonly layout: SequenceLayout;
}

export interface PackSequenceOptions {
  readonly packing: Packing;
  /** Packing none: the row length; undefined: the longest function. */
  readonly padTo?: number | undefined;
  /** Isolated: common beginnings are laid out once. */
  readonly sharePrefixes?: boolean | undefined;
  /** Joined: the token between two functions. Default: none. */
  readonly separator?: number | undefined;
}

/** Padding, where the packing has any, holds token 0: nothing sees it. Throws FUNCTION_WITHOUT_TOKENS. */
export function packSequence(
  functions: readonly (readonly number[])[],
  { packing, padTo, sharePrefixes = false, separator }: PackSequenceOptions = { packing: 'isolated' },
): PackedSequence {
  const lengths = functions.map((ids) => ids.length);
  const shared = sharePrefixes ? findSharedPrefixes(functions) : undefined;
  const layout = layOut(lengths, packing, { padTo, shared, separated: separator !== undefined });
  return { ids: packIds(functions, layout, separator ?? 0), layout };
}
