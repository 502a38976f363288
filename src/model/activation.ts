/** @file Activations by the names of the specification. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Activation } from './spec.ts';

const activations: { readonly [K in Activation]: (b: GraphBuilder, x: Value) => Value } = {
  // x sigmoid(x)
  silu: (b, x) => b.silu(x),
};

export const activate = (b: GraphBuilder, activation: Activation, x: Value): Value =>
  activations[activation](b, x);
