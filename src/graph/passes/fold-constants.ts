/**
 * @file Constant folding of elementwise operators and of reshaped or transposed constants.
 *
 * It computes with the meanings of src/graph/elementwise.ts, which the interpreter uses too, and not with the interpreter,
 * which lies in a higher layer: what builds constant expressions here (gradient rules, dropout's hash) is elementwise. A
 * result is taken only when float32 holds it exactly, so that folding changes no number in any backend, and only when it
 * does not exceed its operands in size, so that a constant is not blown up; ONNX Runtime folds the rest by rounding.
 */
import { numbersOf } from '../../tensor/elements.ts';
import { type HostTensor, hostTensor } from '../../tensor/host-tensor.ts';
import { transposed } from '../../tensor/views.ts';
import { type BinaryOp, computeBinary, computeUnary, computeWhere, type UnaryOp } from '../elementwise.ts';
import type { Graph, Node } from '../graph.ts';
import type { OpAttributes, OpName } from '../ops.ts';
import { replaceNode, rewrite } from './rewrite.ts';

export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (node, { producerOf }) => {
    const operands = node.inputs.flatMap((input) => {
      const producer = producerOf(input);
      return producer?.op === 'constant' ? [producer.attributes.value] : [];
    });
    if (operands.length === 0 || operands.length < node.inputs.length) return undefined;
    const value = evaluate(node, operands);
    if (value === undefined || value.data.length > Math.max(...operands.map(({ data }) => data.length))) {
      return undefined;
    }
    return replaceNode(node, 'constant', [], { value });
  });
}

type Fold<K extends OpName> = (
  operands: readonly HostTensor[],
  attributes: OpAttributes[K],
) => HostTensor | undefined;

const unary =
  <K extends UnaryOp>(op: K): Fold<K> =>
  ([x], attributes) =>
    narrowExactly(computeUnary(op, widen(x!), attributes));

const binary =
  <K extends BinaryOp>(op: K): Fold<K> =>
  ([a, b]) =>
    narrowExactly(computeBinary(op, widen(a!), widen(b!)));

const folds: { readonly [K in OpName]?: Fold<K> } = {
  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  reciprocal: unary('reciprocal'),
  sigmoid: unary('sigmoid'),
  tanh: unary('tanh'),
  erf: unary('erf'),
  silu: unary('silu'),
  stopGradient: unary('stopGradient'),
  gelu: unary('gelu'),
  pow: unary('pow'),
  shiftRight: unary('shiftRight'),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  less: binary('less'),
  bitXor: binary('bitXor'),
  where: ([condition, a, b]) => narrowExactly(computeWhere(condition!, widen(a!), widen(b!))),
  reshape: ([x], { shape }) => {
    const known = shape.filter((dim) => typeof dim === 'number');
    return known.length === shape.length ? { ...x!, shape: known } : undefined;
  },
  transpose: ([x], { permutation }) => transposed(x!, permutation),
};

/** Undefined when the operator is not one to fold, or float32 does not hold the result. */
function evaluate<K extends OpName>(node: Node, operands: readonly HostTensor[]): HostTensor | undefined {
  // The row of `node.op`: TypeScript can't follow the union of nodes into the table.
  const fold = folds[node.op] as unknown as Fold<K> | undefined;
  return fold?.(operands, node.attributes as never);
}

/** Floats are computed in float64. */
function widen(tensor: HostTensor): HostTensor {
  return tensor.dtype === 'float32'
    ? hostTensor('float64', tensor.shape, Float64Array.from(numbersOf(tensor)))
    : tensor;
}

function narrowExactly(tensor: HostTensor): HostTensor | undefined {
  if (tensor.dtype !== 'float64') return tensor;
  const exact = numbersOf(tensor);
  const rounded = Float32Array.from(exact);
  return rounded.every((value, i) => Object.is(value, exact[i]))
    ? hostTensor('float32', tensor.shape, rounded)
    : undefined;
}
