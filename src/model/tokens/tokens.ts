/**
 * @file Which tokens ask, which are seen, and where they stand: all in which training, scoring and the pruned last block
 * differ. A block knows only this.
 */
import type { Value } from '../../graph/graph.ts';
import type { Attention, Rotary } from '../spec.ts';

export interface Tokens {
  /** The tokens that go on, of all tokens: [N, ..] -> [Q, ..]. */
  asking(x: Value): Value;
  /** Turns the heads of asking (`query`) or of all (`key`) tokens by their positions. */
  rotate(x: Value, side: 'query' | 'key', rotary: Rotary): Value;
  /** softmax(scale q k^T + mask) v: query [Q, H*d], key and value [N, K*d] -> [Q, H*d]. */
  attend(attention: Attention, query: Value, key: Value, value: Value): Value;
}
