/** @file The low-rank update of a matrix as graph: base + scale * (dropout(x) A^T) B^T. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';

export interface LoraOperands {
  readonly base: Value; // [N, out]
  readonly x: Value; // [N, in], after dropout
  readonly a: Value; // [r, in]
  readonly b: Value; // [out, r]
  readonly scale: number;
}

export function addLora(builder: GraphBuilder, { base, x, a, b, scale }: LoraOperands): Value {
  const low = builder.matmul(x, a, { transposeB: true }); // [N, r]
  return builder.add(base, builder.matmul(low, b, { transposeB: true, alpha: scale }));
}
