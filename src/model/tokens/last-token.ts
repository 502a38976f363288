/**
 * @file The last token of each function asks, all are seen: the last block before a head that reads only that token.
 * Keys and values are of all tokens, everything else of the B last ones.
 */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/graph.ts';
import { lastTokenAttention } from '../attention.ts';
import type { SequenceInputs } from '../sequence-inputs.ts';
import type { Tokens } from './tokens.ts';

export function lastToken(b: GraphBuilder, sequence: SequenceInputs): Tokens {
  const { keyRows } = sequence;
  const inRows = (x: Value) => b.packRows(x, keyRows.index(), keyRows.inverse(), keyRows.slotIsReal());
  return {
    asking: (x) => b.gather(x, sequence.last()), // [B, ..]
    rotate: (x, side, rotary) => {
      const positions = side === 'key' ? sequence.positions() : sequence.lastPositions();
      return b.rotary(x, sequence.cos(rotary), sequence.sin(rotary), positions, rotary);
    },
    attend: (attention, query, key, value) =>
      lastTokenAttention(b, attention, sequence, { query, key: inRows(key), value: inRows(value) }),
  };
}
