/**
 * @file One decoder block on a flat list of tokens: x + attention(norm(x)), then h + mlp(norm(h)). Linear layers run on
 * the N real tokens; attention alone gathers them into rows.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { causalAttention, lastTokenAttention } from './attention.ts';
import type { DecoderGeometry, LinearRole } from './geometry.ts';
import type { SequenceInputs } from './sequence-inputs.ts';

export interface BlockContext {
  readonly builder: GraphBuilder;
  readonly geometry: DecoderGeometry;
  readonly sequence: SequenceInputs;
  /** Which layer of the model this is. */
  readonly layer: number;
  /** A parameter of this block by its name relative to it. */
  readonly parameter: (name: string, shape: Shape) => Value;
  /** x [N, in] times the block's matrix of that role, with bias and adapter: [N, out]. */
  readonly linear: (role: LinearRole, x: Value) => Value;
}

function norm({ builder, geometry, parameter }: BlockContext, x: Value, name: string): Value {
  return builder.rmsNorm(x, parameter(name, [geometry.hiddenSize]), geometry.normEpsilon);
}

/** Keys (turned) and values in rows, [B, S, K*d] each, of normed tokens [N, D]. */
function keysAndValues(
  { builder: b, sequence, linear }: BlockContext,
  normed: Value,
): { key: Value; value: Value } {
  const { keyRows } = sequence;
  const rows = (x: Value) => b.packRows(x, keyRows.index(), keyRows.inverse(), keyRows.slotIsReal());
  const key = b.rotary(linear('key', normed), sequence.cos(), sequence.sin(), sequence.positions());
  return { key: rows(key), value: rows(linear('value', normed)) };
}

/** h + down(silu(gate(n)) * up(n)) with n = norm(h). */
function feedForward(context: BlockContext, h: Value): Value {
  const { builder: b, geometry, linear } = context;
  const normed = norm(context, h, geometry.names.feedForwardNorm);
  const activated = b.mul(b.silu(linear('gate', normed)), linear('up', normed)); // [N, F]
  return b.add(h, linear('down', activated));
}

/** [N, D] -> [N, D] */
export function decoderBlock(context: BlockContext, x: Value): Value {
  const { builder: b, geometry, sequence, linear } = context;
  const normed = norm(context, x, geometry.names.attentionNorm);
  const { key, value } = keysAndValues(context, normed);
  const turned = b.rotary(linear('query', normed), sequence.cos(), sequence.sin(), sequence.positions());
  const { rows } = sequence;
  const query = b.packRows(turned, rows.index(), rows.inverse(), rows.slotIsReal());
  const window = geometry.slidingWindows[context.layer];
  const mixed = causalAttention(b, geometry, sequence, window, { query, key, value });
  const flat = b.unpackRows(mixed, rows.index(), rows.inverse(), rows.slotIsReal()); // [N, H*d]
  return feedForward(context, b.add(x, linear('attentionOutput', flat)));
}

/**
 * The same block when only the last token of each function matters afterwards: keys and values of all tokens, everything
 * else of the last ones. [N, D] -> [B, D]
 */
export function lastTokenBlock(context: BlockContext, x: Value): Value {
  const { builder: b, geometry, sequence, linear } = context;
  const normed = norm(context, x, geometry.names.attentionNorm);
  const { key, value } = keysAndValues(context, normed);
  const lastNormed = b.gather(normed, sequence.last()); // [B, D]
  const turned = b.rotary(
    linear('query', lastNormed),
    sequence.cos(),
    sequence.sin(),
    sequence.lastPositions(),
  );
  const window = geometry.slidingWindows[context.layer];
  const flat = lastTokenAttention(b, geometry, sequence, window, { query: turned, key, value });
  return feedForward(context, b.add(b.gather(x, sequence.last()), linear('attentionOutput', flat)));
}
