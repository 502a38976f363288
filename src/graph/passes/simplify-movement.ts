/** @file Identities of operators that move or repeat elements: two of a kind are one, and some are none. */

import { sameShape } from '../dim.ts';
import type { Node, NodeOf, Value } from '../graph.ts';
import type { MatmulAttributes } from '../ops.ts';
import { broadcastShapes } from '../shape-rules.ts';
import { byOperator, type RewriteContext, replaceNode } from './rewrite.ts';

export const simplifyMovement = byOperator({
  reshape: simplifyReshaping,
  expand: simplifyReshaping,
  transpose: simplifyTranspose,
  concat: simplifyConcat,
  slice: wholeOperand,
  pad: wholeOperand,
  matmul: takeTranspose,
  gemm: takeTranspose,
  add: skipExpand,
  sub: skipExpand,
  mul: skipExpand,
  div: skipExpand,
  less: skipExpand,
  where: skipExpand,
});

/** One part is the whole; a part that is itself a concatenation along the axis, and is read here alone, gives its own parts. */
function simplifyConcat(
  node: NodeOf<'concat'>,
  { producerOf, useCount }: RewriteContext,
): Value | Node | undefined {
  if (node.inputs.length === 1) return node.inputs[0];
  const { axis } = node.attributes;
  const parts = node.inputs.flatMap((input) => {
    const inner = producerOf(input);
    return inner?.op === 'concat' && inner.attributes.axis === axis && useCount(input) === 1
      ? inner.inputs
      : [input];
  });
  return parts.length > node.inputs.length ? replaceNode(node, 'concat', parts, { axis }) : undefined;
}

/** A slice of all of it, nothing added around it. */
function wholeOperand({ inputs: [x], output }: Node): Value | undefined {
  return sameShape(x!.shape, output.shape) ? x : undefined;
}

/** The last of two reshapes (or of two broadcasts) says it all. */
function simplifyReshaping(
  node: NodeOf<'reshape'> | NodeOf<'expand'>,
  { producerOf }: RewriteContext,
): Value | Node | undefined {
  const [x] = node.inputs;
  if (sameShape(x!.shape, node.output.shape)) return x;
  const inner = producerOf(x!);
  return inner?.op === node.op ? replaceNode(node, node.op, inner.inputs, node.attributes) : undefined;
}

function simplifyTranspose(
  node: NodeOf<'transpose'>,
  { producerOf }: RewriteContext,
): Value | Node | undefined {
  const { permutation } = node.attributes;
  if (permutation.every((axis, i) => axis === i)) return node.inputs[0];
  const inner = producerOf(node.inputs[0]!);
  if (inner?.op !== 'transpose') return undefined;
  const composed = permutation.map((axis) => inner.attributes.permutation[axis]!);
  return replaceNode(node, 'transpose', inner.inputs, { permutation: composed });
}

/** A product reads a transposed matrix as it lies. */
function takeTranspose(
  node: NodeOf<'matmul'> | NodeOf<'gemm'>,
  { producerOf }: RewriteContext,
): Node | undefined {
  const flags = ['transposeA', 'transposeB'] as const;
  for (const [i, flag] of flags.entries()) {
    const inner = producerOf(node.inputs[i]!);
    if (inner?.op !== 'transpose' || !swapsLastAxes(inner.attributes.permutation)) continue;
    const attributes: MatmulAttributes = { ...node.attributes, [flag]: node.attributes[flag] !== true };
    return replaceNode(node, node.op, node.inputs.with(i, inner.inputs[0]!), attributes);
  }
  return undefined;
}

function swapsLastAxes(permutation: readonly number[]): boolean {
  const rank = permutation.length;
  return permutation.every((axis, i) => axis === (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
}

/** An elementwise operator broadcasts by itself, where another operand has the full size. */
function skipExpand(node: Node, { producerOf }: RewriteContext): Node | undefined {
  for (const [i, input] of node.inputs.entries()) {
    const inner = producerOf(input);
    if (inner?.op !== 'expand') continue;
    const inputs = node.inputs.with(i, inner.inputs[0]!);
    const shape = inputs.map((operand) => operand.shape).reduce(broadcastShapes);
    if (sameShape(shape, node.output.shape)) return { ...node, inputs } as Node;
  }
  return undefined;
}
