/** @file Every token asks: training, and every block of scoring but the last. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/graph.ts';
import { bidirectionalAttention, causalAttention } from '../attention.ts';
import type { RowInputs, SequenceInputs } from '../sequence-inputs.ts';
import { everyTokenAsks } from './every-token-asks.ts';
import type { Tokens } from './tokens.ts';

export function allTokens(b: GraphBuilder, sequence: SequenceInputs): Tokens {
  const { rows, keyRows } = sequence;
  const inRows = (x: Value, at: RowInputs) => b.packRows(x, at.index(), at.inverse(), at.slotIsReal());
  return {
    ...everyTokenAsks(b, sequence),
    attend: (attention, query, key, value) => {
      const attended = attention.bidirectional === true ? bidirectionalAttention : causalAttention;
      const mixed = attended(b, attention, sequence, {
        query: inRows(query, rows),
        key: inRows(key, keyRows),
        value: inRows(value, keyRows),
      });
      return b.unpackRows(mixed, rows.index(), rows.inverse(), rows.slotIsReal()); // [N, H*d]
    },
  };
}
