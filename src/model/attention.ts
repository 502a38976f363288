/**
 * @file Scaled dot-product attention over rows: softmax(q k^T / sqrt(d) + mask) v. The G = H/K query heads of a
 * key-value head lie below one another in one product, so keys and values are never repeated.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { DecoderGeometry } from './geometry.ts';

export interface AttentionOperands {
  readonly query: Value; // [B, Q, H*d]
  readonly key: Value; // [B, S, K*d]
  readonly value: Value; // [B, S, K*d]
  /** Added to the scores: [Q, S], or any shape that broadcasts to [B, K, G, Q, S]. */
  readonly mask: Value;
  readonly rows: Dim; // B
  readonly queries: Dim; // Q
  readonly slots: Dim; // S
}

/** [B, Q, H*d] */
export function attention(b: GraphBuilder, geometry: DecoderGeometry, operands: AttentionOperands): Value {
  const { rows: B, queries: Q, slots: S } = operands;
  const { headCount: H, keyValueHeadCount: K, headSize: d } = geometry;
  const G = H / K;
  const byHead = (x: Value) => b.transpose(b.reshape(x, [B, S, K, d]), [0, 2, 1, 3]); // [B, K, S, d]
  const grouped = b.transpose(b.reshape(operands.query, [B, Q, K, G, d]), [0, 2, 3, 1, 4]); // [B, K, G, Q, d]
  const query = b.reshape(grouped, [B, K, `${G}*${Q}`, d]); // [B, K, G*Q, d]
  const scores = b.matmul(query, byHead(operands.key), { transposeB: true, alpha: 1 / Math.sqrt(d) });
  const masked = b.add(b.reshape(scores, [B, K, G, Q, S]), operands.mask);
  const weights = b.reshape(b.softmax(masked), [B, K, `${G}*${Q}`, S]);
  const mixed = b.matmul(weights, byHead(operands.value)); // [B, K, G*Q, d]
  const byQuery = b.transpose(b.reshape(mixed, [B, K, G, Q, d]), [0, 3, 1, 2, 4]); // [B, Q, K, G, d]
  return b.reshape(byQuery, [B, Q, H * d]);
}
