/**
 * @file What a forward pass keeps for its backward pass. Crossing from ONNX Runtime to JavaScript and memory are what
 * keeping costs; time is what computing again costs.
 */
import type { KeepPolicy } from '../autodiff/split.ts';
import { symbolsOf } from '../graph/dim.ts';
import type { Node } from '../graph/graph.ts';

export type Activations = 'keep' | 'products' | 'recompute';

/** Attention scores and weights: [.., slots]. Large where rows are long, cheap to compute again. */
const isScore = (node: Node) => symbolsOf(node.output.shape.at(-1) ?? 1).length > 0;

const isCheapView = (node: Node) => node.op === 'constant' || node.op === 'reshape' || node.op === 'expand';

/** A frozen matrix in float32: kept, it would take the memory that its codes save. */
const isMatrix = (node: Node) => node.op === 'dequantizeRows' || node.op === 'dequantizeBlocks';

const isProduct = (node: Node) => node.op === 'matmul' || node.op === 'gemm' || node.op === 'int8Matmul';

export const keepPolicies: { readonly [K in Activations]: KeepPolicy } = {
  /** Everything the backward pass reads. */
  keep: (node) => !isCheapView(node) && !isMatrix(node),
  /** Matrix products but for scores; what is elementwise is computed again. Dropout's choices are a byte each: kept. */
  products: (node) => (isProduct(node) && !isScore(node)) || node.op === 'less',
  /** Nothing but the stage's input. */
  recompute: () => false,
};
