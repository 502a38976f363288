/**
 * @file Gradients of matrix products. With A' = A or its transpose as the node reads it, and Y = alpha A' B':
 * dA' = alpha g B'^T, dB' = alpha A'^T g; a transposed operand takes the transpose of that, which is the product of
 * the factors in the other order.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { MatmulAttributes } from '../graph/ops.ts';
import { unbroadcast, type VjpRule } from './vjp-rule.ts';

function leftGradient(
  b: GraphBuilder,
  g: Value,
  y: Value,
  { transposeA = false, transposeB = false, alpha = 1 }: MatmulAttributes,
): Value {
  return transposeA
    ? b.matmul(y, g, { transposeA: transposeB, transposeB: true, alpha })
    : b.matmul(g, y, { transposeB: !transposeB, alpha });
}

function rightGradient(
  b: GraphBuilder,
  g: Value,
  x: Value,
  { transposeA = false, transposeB = false, alpha = 1 }: MatmulAttributes,
): Value {
  return transposeB
    ? b.matmul(g, x, { transposeA: true, transposeB: transposeA, alpha })
    : b.matmul(x, g, { transposeA: !transposeA, alpha });
}

const factors: VjpRule<'matmul' | 'gemm'> = ({ builder: b, node, g, wants }) => {
  const [x, y] = node.inputs;
  return [
    wants(0) ? unbroadcast(b, leftGradient(b, g, y!, node.attributes), x!.shape) : undefined,
    wants(1) ? unbroadcast(b, rightGradient(b, g, x!, node.attributes), y!.shape) : undefined,
  ];
};

export const productRules: { readonly matmul: VjpRule<'matmul'>; readonly gemm: VjpRule<'gemm'> } = {
  matmul: factors,
  // ... and C's gradient is g, summed where C was broadcast.
  gemm: (context) => [
    ...factors(context),
    context.wants(2) ? unbroadcast(context.builder, context.g, context.node.inputs[2]!.shape) : undefined,
  ],
};
