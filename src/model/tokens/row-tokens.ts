/** @file Functions as rows of equal length, padding behind them: flat token b * S + s is slot s of row b. Every token asks. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/graph.ts';
import { bidirectionalAttention, causalAttention } from '../attention.ts';
import type { SequenceInputs } from '../sequence-inputs.ts';
import { everyTokenAsks } from './every-token-asks.ts';
import type { Tokens } from './tokens.ts';

export function rowTokens(b: GraphBuilder, sequence: SequenceInputs): Tokens {
  const inRows = (x: Value) => b.reshape(x, ['B', 'S', x.shape[1]!]);
  return {
    ...everyTokenAsks(b, sequence),
    attend: (attention, query, key, value) => {
      const attended = attention.bidirectional === true ? bidirectionalAttention : causalAttention;
      const rows = { query: inRows(query), key: inRows(key), value: inRows(value) };
      const mixed = attended(b, attention, sequence, rows); // [B, S, H*d]
      return b.reshape(mixed, ['B*S', mixed.shape[2]!]);
    },
  };
}
