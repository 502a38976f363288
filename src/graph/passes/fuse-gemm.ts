/**
 * @file add(matmul(a, b), c) of matrices becomes gemm(a, b, c): a low-rank update, or a gradient that is added to
 * another, then rides on its product instead of going through memory once more.
 */
import { sameShape } from '../dim.ts';
import type { Graph, Node } from '../graph.ts';
import { type RewriteContext, replaceNode, rewrite } from './rewrite.ts';

/** Only where nothing else reads the product, and c has its full shape. */
export function fuseGemm(graph: Graph): Graph {
  return rewrite(graph, (node, context) => {
    if (node.op !== 'add') return undefined;
    // The second operand first: it is the later one of a running sum, and the update of a frozen product.
    return fuse(node, 1, context) ?? fuse(node, 0, context);
  });
}

function fuse(node: Node, operand: 0 | 1, { producerOf, useCount }: RewriteContext): Node | undefined {
  const product = producerOf(node.inputs[operand]!);
  const c = node.inputs[1 - operand]!;
  if (product?.op !== 'matmul' || product.output.shape.length !== 2) return undefined;
  if (product.inputs.some((factor) => factor.shape.length !== 2)) return undefined;
  if (useCount(product.output) !== 1 || !sameShape(c.shape, product.output.shape)) return undefined;
  return replaceNode(node, 'gemm', [...product.inputs, c], product.attributes);
}
