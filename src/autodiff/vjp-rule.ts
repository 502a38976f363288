/** @file What a vector-Jacobian rule is, and the sum over broadcast axes that many rules end with. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { NodeOf, Value } from '../graph/graph.ts';
import type { OpName } from '../graph/ops.ts';

export interface VjpContext<K extends OpName> {
  readonly builder: GraphBuilder;
  readonly node: NodeOf<K>;
  /** Gradient of the node's output, of its shape. */
  readonly g: Value;
  /** Whether the gradient of operand `i` is wanted: a rule need not make the others. */
  readonly wants: (i: number) => boolean;
}

/** Gradients in the order of the operands; undefined for one that is not wanted or has none. */
export type VjpRule<K extends OpName> = (context: VjpContext<K>) => readonly (Value | undefined)[];

export interface NotDifferentiable {
  readonly notDifferentiable: string;
}

export const notDifferentiable = (because: string): NotDifferentiable => ({ notDifferentiable: because });

/** Sums a gradient over the axes along which its operand was broadcast. */
export function unbroadcast(b: GraphBuilder, g: Value, shape: Shape): Value {
  const lead = g.shape.length - shape.length;
  const axes = g.shape.flatMap((dim, axis) => (axis < lead || shape[axis - lead] !== dim ? [axis] : []));
  return b.reshape(b.reduceSum(g, axes, true), shape);
}
