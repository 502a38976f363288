/**
 * @file One token of each function asks, its first or its last, all are seen: the last block before a head that reads only
 * that token. Keys and values are of all tokens, everything else of the B that ask.
 */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/graph.ts';
import { oneTokenAttention } from '../attention.ts';
import type { OneToken, SequenceInputs } from '../sequence-inputs.ts';
import type { Tokens } from './tokens.ts';

export function oneToken(b: GraphBuilder, sequence: SequenceInputs, place: OneToken): Tokens {
  const { keyRows } = sequence;
  const asking = sequence.one(place);
  const inRows = (x: Value) => b.packRows(x, keyRows.index(), keyRows.inverse(), keyRows.slotIsReal());
  return {
    asking: (x) => b.gather(x, asking.index()), // [B, ..]
    rotate: (x, side, rotary) => {
      const positions = side === 'key' ? sequence.positions() : asking.positions();
      return b.rotary(x, sequence.cos(rotary), sequence.sin(rotary), positions, rotary);
    },
    attend: (attention, query, key, value) =>
      oneTokenAttention(b, attention, sequence, place, { query, key: inRows(key), value: inRows(value) }),
  };
}
