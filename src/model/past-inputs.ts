/**
 * @file The graph inputs of a step of generation: N sequences get one more token each, which reads the keys and values of
 * the earlier tokens, held in T slots per sequence. Sizes: K heads of keys and values of d features.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { addDims, type Dim } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { onceByName } from './once-by-name.ts';
import { maskName } from './sequence-inputs.ts';
import type { Attention } from './spec.ts';

export interface PastInputs {
  /** T */
  readonly slots: Dim;
  /** [N, K, T, d] of one block of the stage, turned by their positions. */
  readonly key: (block: number, attention: Attention) => Value;
  /** [N, K, T, d] */
  readonly value: (block: number, attention: Attention) => Value;
  /** [N, T+1], added to scores: 0 for the slots that the new token sees, and for itself, which is the last. */
  readonly mask: (window: number | undefined) => Value;
}

export const pastKeyName = (block: number) => `past_key.${block}`;
export const pastValueName = (block: number) => `past_value.${block}`;
export const pastMaskName = (window: number | undefined) => `past_${maskName(window)}`;

const SLOTS = 'T';

/** Declares an input when it is asked for, a mask once for all blocks. */
export function pastInputs(builder: GraphBuilder): PastInputs {
  const once = onceByName();
  const states = (name: string, { keyValueHeadCount: K, headSize: d }: Attention) =>
    builder.input(name, 'float32', ['N', K, SLOTS, d]);
  return {
    slots: SLOTS,
    key: (block, attention) => states(pastKeyName(block), attention),
    value: (block, attention) => states(pastValueName(block), attention),
    mask: (window) => {
      const name = pastMaskName(window);
      return once(name, () => builder.input(name, 'float32', ['N', addDims(SLOTS, 1)]));
    },
  };
}
