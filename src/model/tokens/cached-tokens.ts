/**
 * @file A step of generation: each sequence's new token asks, and sees itself and the earlier ones, whose keys and values are
 * given. Causal attention only: what a token was then, it still is.
 */
import type { GraphBuilder } from '../../graph/builder.ts';
import { cachedAttention } from '../attention.ts';
import type { PastInputs } from '../past-inputs.ts';
import type { SequenceInputs } from '../sequence-inputs.ts';
import { everyTokenAsks } from './every-token-asks.ts';
import type { Tokens } from './tokens.ts';

/** `block`: its place in the stage. */
export function cachedTokens(
  b: GraphBuilder,
  sequence: SequenceInputs,
  past: PastInputs,
  block: number,
): Tokens {
  return {
    ...everyTokenAsks(b, sequence),
    attend: (attention, query, key, value) =>
      cachedAttention(b, attention, past, block, { query, key, value }),
  };
}
