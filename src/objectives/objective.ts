/** @file What training minimises: a loss of logits, and the inputs that say what was wanted. The interface alone. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Tensors } from '../runtime/backend.ts';

/** A scalar of logits that a gradient is taken of. */
export interface Loss {
  /** Names the loss and its options: one program is compiled for each. */
  readonly id: string;
  /** Appends the scalar; declares the inputs it needs. */
  loss(b: GraphBuilder, logits: Value): Value;
}

/** What the network reads of a function, and what is wanted of it. */
export interface Example<Target> {
  /** At least one token. */
  readonly ids: readonly number[];
  readonly target: Target;
  /** Factor on its loss. */
  readonly weight: number;
}

export interface Objective<Target> extends Loss {
  /** The inputs of the loss for the examples of one sequence; every loss is multiplied by `scale` too. */
  feeds(examples: readonly Omit<Example<Target>, 'ids'>[], scale: number): Tensors;
}
