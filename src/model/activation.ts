/** @file Activations by the names of the specification. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Activation } from './spec.ts';

const activations: { readonly [K in Activation]: (b: GraphBuilder, x: Value) => Value } = {
  // x sigmoid(x)
  silu: (b, x) => b.silu(x),
  gelu: (b, x) => b.gelu(x, 'none'),
  'gelu-tanh': (b, x) => b.gelu(x, 'tanh'),
  tanh: (b, x) => b.tanh(x),
  // max(x, 0)
  relu: (b, x) => b.where(b.less(x, b.scalar(0)), b.scalar(0), x),
};

export const activate = (b: GraphBuilder, activation: Activation, x: Value): Value =>
  activations[activation](b, x);
