/** @file What a graph is: values, nodes that make one value each, inputs and named outputs. Immutable. */
import type { Shape } from './dim.ts';
import type { GraphDType, OpAttributes, OpName } from './ops.ts';

export interface Value {
  /** Unique within a graph: `x`, `layers.0.q`, `matmul_12`. */
  readonly name: string;
  readonly dtype: GraphDType;
  readonly shape: Shape;
}

export interface NodeOf<K extends OpName> {
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly attributes: OpAttributes[K];
  readonly output: Value;
}

export type Node = { readonly [K in OpName]: NodeOf<K> }[OpName];

export interface GraphOutput {
  readonly name: string;
  readonly value: Value;
}

export interface Graph {
  readonly inputs: readonly Value[];
  /** In an order in which every node comes after the nodes it reads. */
  readonly nodes: readonly Node[];
  readonly outputs: readonly GraphOutput[];
}
