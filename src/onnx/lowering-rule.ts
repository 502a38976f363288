/** @file The shape of a lowering rule: how one operator of the IR becomes ONNX nodes. */
import type { NodeOf } from '../graph/graph.ts';
import type { OpName } from '../graph/ops.ts';
import type { OnnxEmitter } from './emitter.ts';

/** Names, in the ONNX graph, of a node's operands and of the result the rule has to make. */
export interface LoweredNames {
  readonly inputs: readonly string[];
  readonly output: string;
}

export type LoweringRule<K extends OpName> = (
  emitter: OnnxEmitter,
  names: LoweredNames,
  node: NodeOf<K>,
) => void;

export type LoweringRules<K extends OpName> = { readonly [T in K]: LoweringRule<T> };
