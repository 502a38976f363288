/**
 * @file Scaled dot-product attention over rows: softmax(scale q k^T + mask) v. The G = H/K query heads of a
 * key-value head lie below one another in one product, so keys and values are never repeated.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { addDims, type Dim, multiplyDims } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { PastInputs } from './past-inputs.ts';
import type { OneToken, SequenceInputs } from './sequence-inputs.ts';
import type { Attention } from './spec.ts';

/**
 * Every query against the keys up to its own chunk's end: of J chunks of queries, chunk j sees (j+1)/J of the keys, and
 * the rest, which causality hides, is never computed. [A, S, H*d], key and value [A, S, K*d] -> [A, S, H*d]
 */
export function causalAttention(
  b: GraphBuilder,
  spec: Attention,
  sequence: SequenceInputs,
  rows: { readonly query: Value; readonly key: Value; readonly value: Value },
): Value {
  const { rowCount: A, slots: S, queryChunks: J } = sequence;
  const { headCount: H, keyValueHeadCount: K, headSize: d } = spec;
  const chunk: Dim = J === 1 ? S : 'C';
  // Chunks outermost: each then lies in one piece of memory, where it is cut out and where it is put back.
  const query = queriesByChunk(b, spec, rows.query, A, J, chunk); // [J, A, K, G, C, d]
  const key = byHead(b, spec, rows.key, A, S); // [A, K, S, d]
  const value = byHead(b, spec, rows.value, A, S);
  const mask = sequence.mask(spec.window); // [J, C, S]
  const mixed = Array.from({ length: J }, (_, j) => {
    const end = multiplyDims(j + 1, chunk);
    const own = (x: Value) => (J === 1 ? x : b.slice(x, 0, j, j + 1));
    const upTo = (x: Value, axis: number) => (j === J - 1 ? x : b.slice(x, axis, 0, end));
    return attend(b, spec, {
      rows: A,
      query: own(query),
      key: upTo(key, 2),
      value: upTo(value, 2),
      mask: upTo(b.reshape(own(mask), [chunk, S]), 1),
      queries: chunk,
      keys: end,
    }); // [A, K, G, C, d]
  });
  const whole = b.reshape(J === 1 ? mixed[0]! : b.concat(mixed, 0), [J, A, K, H / K, chunk, d]);
  return b.reshape(b.transpose(whole, [1, 0, 4, 2, 3, 5]), [A, S, H * d]);
}

/** Every query against every key of its function, or those of its window. [B, S, H*d], key and value [B, S, K*d] -> [B, S, H*d] */
export function bidirectionalAttention(
  b: GraphBuilder,
  spec: Attention,
  sequence: SequenceInputs,
  rows: { readonly query: Value; readonly key: Value; readonly value: Value },
): Value {
  const { slots: S } = sequence;
  const { headCount: H, headSize: d, window } = spec;
  const ofLengths = b.reshape(sequence.lengthMask(), ['B', 1, 1, 1, S]);
  const mixed = attend(b, spec, {
    rows: 'B',
    query: queriesByHead(b, spec, rows.query, 'B', S),
    key: byHead(b, spec, rows.key, 'B', S),
    value: byHead(b, spec, rows.value, 'B', S),
    mask:
      window === undefined
        ? ofLengths
        : b.add(ofLengths, b.reshape(sequence.bandMask(window), [1, 1, 1, S, S])),
    queries: S,
    keys: S,
  }); // [B, K, G, S, d]
  return b.reshape(b.transpose(mixed, [0, 3, 1, 2, 4]), ['B', S, H * d]);
}

/**
 * One query per function against all keys that it sees: one a row, or all B in the one row where functions are joined.
 * [B, H*d], key and value [A, S, K*d] -> [B, H*d]
 */
export function oneTokenAttention(
  b: GraphBuilder,
  spec: Attention,
  { rowCount: A, slots: S, one }: SequenceInputs,
  place: OneToken,
  rows: { readonly query: Value; readonly key: Value; readonly value: Value },
): Value {
  const Q = A === 'B' ? 1 : 'B'; // queries a row
  const mixed = attend(b, spec, {
    rows: A,
    query: queriesByHead(b, spec, rows.query, A, Q),
    key: byHead(b, spec, rows.key, A, S),
    value: byHead(b, spec, rows.value, A, S),
    mask: b.reshape(one(place).mask(spec), [A, 1, 1, Q, S]),
    queries: Q,
    keys: S,
  }); // [A, K, G, Q, d]
  // With one query a row the features lie in order already.
  const inOrder = Q === 1 ? mixed : b.transpose(mixed, [0, 3, 1, 2, 4]);
  return b.reshape(inOrder, ['B', spec.headCount * spec.headSize]);
}

/**
 * One new token a sequence against those before it, out of the cache, and itself. query [N, H*d], key and value [N, K*d] of
 * the new tokens -> [N, H*d]
 */
export function cachedAttention(
  b: GraphBuilder,
  spec: Attention,
  past: PastInputs,
  block: number,
  fresh: { readonly query: Value; readonly key: Value; readonly value: Value },
): Value {
  const { headCount: H, keyValueHeadCount: K, headSize: d } = spec;
  const keys = addDims(past.slots, 1); // T+1
  const withPast = (before: Value, own: Value) => b.concat([before, b.reshape(own, ['N', K, 1, d])], 2); // [N, K, T+1, d]
  const mixed = attend(b, spec, {
    rows: 'N',
    query: b.reshape(fresh.query, ['N', K, H / K, 1, d]),
    key: withPast(past.key(block, spec), fresh.key),
    value: withPast(past.value(block, spec), fresh.value),
    mask: b.reshape(past.mask(spec.window), ['N', 1, 1, 1, keys]),
    queries: 1,
    keys,
  }); // [N, K, G, 1, d]
  return b.reshape(mixed, ['N', H * d]);
}

/** [A, S, K*d] -> [A, K, S, d] */
function byHead(b: GraphBuilder, spec: Attention, x: Value, A: Dim, S: Dim): Value {
  const { keyValueHeadCount: K, headSize: d } = spec;
  return b.transpose(b.reshape(x, [A, S, K, d]), [0, 2, 1, 3]);
}

/** [A, Q, H*d] -> [A, K, G, Q, d] */
function queriesByHead(b: GraphBuilder, spec: Attention, x: Value, A: Dim, Q: Dim): Value {
  const { headCount: H, keyValueHeadCount: K, headSize: d } = spec;
  return b.transpose(b.reshape(x, [A, Q, K, H / K, d]), [0, 2, 3, 1, 4]);
}

/** [A, J*C, H*d] -> [J, A, K, G, C, d] */
function queriesByChunk(b: GraphBuilder, spec: Attention, x: Value, A: Dim, J: number, C: Dim): Value {
  const { headCount: H, keyValueHeadCount: K, headSize: d } = spec;
  return b.transpose(b.reshape(x, [A, J, C, K, H / K, d]), [1, 0, 3, 4, 2, 5]);
}

interface AttendOperands {
  readonly rows: Dim; // A
  readonly query: Value; // [A, K, G, Q, d], or one with leading sizes of 1
  readonly key: Value; // [A, K, T, d]
  readonly value: Value; // [A, K, T, d]
  /** Broadcasts to [A, K, G, Q, T]. */
  readonly mask: Value;
  readonly queries: Dim; // Q
  readonly keys: Dim; // T
}

/** [A, K, G, Q, d] */
function attend(b: GraphBuilder, spec: Attention, operands: AttendOperands): Value {
  const { rows: A, queries: Q, keys: T } = operands;
  const { headCount: H, keyValueHeadCount: K, headSize: d, scale = 1 / Math.sqrt(spec.headSize) } = spec;
  const G = H / K;
  const stacked = multiplyDims(G, Q); // the G heads' queries one below the other
  const query = b.reshape(operands.query, [A, K, stacked, d]);
  const scores = b.matmul(query, operands.key, { transposeB: true, alpha: scale });
  const masked = b.add(b.reshape(scores, [A, K, G, Q, T]), operands.mask);
  // Back to one product's rows before the softmax: its gradient then meets the product directly.
  const weights = b.softmax(b.reshape(masked, [A, K, stacked, T]));
  return b.reshape(b.matmul(weights, operands.value), [A, K, G, Q, d]);
}
