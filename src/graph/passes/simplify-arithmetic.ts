/** @file Identities of sums, products and signs: x + 0, x * 1, -(-x), x + (-y), sums over axes of one element. */
import { sameShape } from '../dim.ts';
import type { Node, NodeOf, Value } from '../graph.ts';
import { byOperator, type RewriteContext, replaceNode } from './rewrite.ts';

export const simplifyArithmetic = byOperator({
  add: simplifyAdd,
  sub: simplifySub,
  mul: simplifyMul,
  // x / 1
  div: (node, context) => (uniformValue(node.inputs[1]!, context) === 1 ? unbroadcast(node, 0) : undefined),
  // -(-x)
  neg: (node, context) => operandOf(node.inputs[0]!, 'neg', context),
  pow: (node) => (node.attributes.exponent === 1 ? node.inputs[0] : undefined),
  // c ? x : x
  where: (node) => (node.inputs[1] === node.inputs[2] ? unbroadcast(node, 1) : undefined),
  cast: (node) => (node.inputs[0]!.dtype === node.output.dtype ? node.inputs[0] : undefined),
  reduceSum: simplifyReduction,
  reduceMean: simplifyReduction,
  reduceMax: simplifyReduction,
});

function simplifyAdd(node: NodeOf<'add'>, context: RewriteContext): Value | Node | undefined {
  const [x, y] = node.inputs;
  if (uniformValue(y!, context) === 0) return unbroadcast(node, 0);
  if (uniformValue(x!, context) === 0) return unbroadcast(node, 1);
  // x + (-y) = x - y
  const minusY = operandOf(y!, 'neg', context);
  if (minusY !== undefined) return replaceNode(node, 'sub', [x!, minusY], {});
  const minusX = operandOf(x!, 'neg', context);
  return minusX === undefined ? undefined : replaceNode(node, 'sub', [y!, minusX], {});
}

function simplifySub(node: NodeOf<'sub'>, context: RewriteContext): Value | Node | undefined {
  const [x, y] = node.inputs;
  if (uniformValue(y!, context) === 0) return unbroadcast(node, 0);
  // 0 - y = -y
  if (uniformValue(x!, context) === 0 && sameShape(y!.shape, node.output.shape)) {
    return replaceNode(node, 'neg', [y!], {});
  }
  // x - (-y) = x + y
  const minusY = operandOf(y!, 'neg', context);
  return minusY === undefined ? undefined : replaceNode(node, 'add', [x!, minusY], {});
}

function simplifyMul(node: NodeOf<'mul'>, context: RewriteContext): Value | Node | undefined {
  for (const [i, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const x = node.inputs[i]!;
    const factor = uniformValue(node.inputs[other]!, context);
    if (factor === 1) return unbroadcast(node, i);
    if (factor === -1 && x.dtype === 'float32' && sameShape(x.shape, node.output.shape)) {
      return replaceNode(node, 'neg', [x], {});
    }
  }
  // (-x)(-y) = xy
  const [x, y] = node.inputs.map((input) => operandOf(input, 'neg', context));
  return x === undefined || y === undefined ? undefined : replaceNode(node, 'mul', [x, y], {});
}

type Reduction = NodeOf<'reduceSum'> | NodeOf<'reduceMean'> | NodeOf<'reduceMax'>;

/** Over axes of one element each, or over none, a reduction is a reshape. */
function simplifyReduction(node: Reduction): Node | undefined {
  const x = node.inputs[0]!;
  return node.attributes.axes.every((axis) => x.shape[axis] === 1)
    ? replaceNode(node, 'reshape', [x], { shape: node.output.shape })
    : undefined;
}

/** The operand, if the result has its shape: else it is a broadcast too. */
function unbroadcast(node: Node, operand: number): Value | undefined {
  const x = node.inputs[operand]!;
  return sameShape(x.shape, node.output.shape) ? x : undefined;
}

/** x, where the value is op(x). */
function operandOf(value: Value, op: 'neg', context: RewriteContext): Value | undefined {
  const producer = context.producerOf(value);
  return producer?.op === op ? producer.inputs[0] : undefined;
}

/** Constants of up to so many elements are looked through for one value. */
const LOOKED_THROUGH = 4096;

/** The number that every element of a value is known to be. */
function uniformValue(value: Value, context: RewriteContext): number | undefined {
  const producer = context.producerOf(value);
  if (producer?.op === 'expand' || producer?.op === 'reshape') {
    return uniformValue(producer.inputs[0]!, context);
  }
  if (producer?.op !== 'constant') return undefined;
  const { data } = producer.attributes.value;
  const first = data[0];
  if (first === undefined || data.length > LOOKED_THROUGH) return undefined;
  return [...data].every((element) => element === first) ? Number(first) : undefined;
}
