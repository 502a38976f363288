/**
 * @file One vector-Jacobian rule per operator. With `g` the gradient of the output, a rule returns the gradient of each
 * operand, as new nodes of the graph. The formula stands above or beside each rule.
 */
import { invariant } from '../base/errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { addDims, type Dim, subtractDims } from '../graph/dim.ts';
import type { NodeOf, Value } from '../graph/graph.ts';
import type { OpName } from '../graph/ops.ts';
import { geluRule } from './vjp-gelu.ts';
import { layerNormRule } from './vjp-layer-norm.ts';
import { productRules } from './vjp-products.ts';
import { rmsNormRule } from './vjp-rms-norm.ts';
import { type NotDifferentiable, notDifferentiable, unbroadcast, type VjpRule } from './vjp-rule.ts';

/** The rule y = f(x): dx = g f'(x). */
function unary<K extends OpName>(
  derivative: (b: GraphBuilder, g: Value, x: Value, y: Value, node: NodeOf<K>) => Value,
): VjpRule<K> {
  return ({ builder, node, g }) => [derivative(builder, g, node.inputs[0]!, node.output, node)];
}

/** The rule y = f(a, b) with broadcasting. */
function binary<K extends OpName>(
  left: (b: GraphBuilder, g: Value, operands: readonly Value[], y: Value) => Value,
  right: (b: GraphBuilder, g: Value, operands: readonly Value[], y: Value) => Value,
): VjpRule<K> {
  return ({ builder, node, g, wants }) =>
    [left, right].map((derivative, i) =>
      wants(i)
        ? unbroadcast(builder, derivative(builder, g, node.inputs, node.output), node.inputs[i]!.shape)
        : undefined,
    );
}

const oneMinus = (b: GraphBuilder, x: Value) => b.sub(b.scalar(1), x);
const lastAxis = (x: Value) => [x.shape.length - 1];

/** A known size of an axis, for rules that divide by it. */
function knownSize(value: Value, axis: number): number {
  const size = value.shape[axis];
  invariant(typeof size === 'number', `${value.name}: axis ${axis} has no known size`);
  return size;
}

export const vjpRules: { readonly [K in OpName]: VjpRule<K> | NotDifferentiable } = {
  constant: notDifferentiable('a constant has no operands'),

  neg: unary((b, g) => b.neg(g)),
  exp: unary((b, g, _x, y) => b.mul(g, y)),
  log: unary((b, g, x) => b.div(g, x)),
  // (sqrt x)' = 1 / (2 sqrt x)
  sqrt: unary((b, g, _x, y) => b.div(b.scale(g, 0.5), y)),
  // (1/x)' = -1/x^2
  reciprocal: unary((b, g, _x, y) => b.neg(b.mul(g, b.mul(y, y)))),
  // s' = s (1 - s)
  sigmoid: unary((b, g, _x, y) => b.mul(g, b.mul(y, oneMinus(b, y)))),
  // tanh' = 1 - tanh^2
  tanh: unary((b, g, _x, y) => b.mul(g, oneMinus(b, b.mul(y, y)))),
  // erf' = 2/sqrt(pi) exp(-x^2)
  erf: unary((b, g, x) => b.mul(g, b.scale(b.exp(b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  // (x s)' = s + x s (1 - s) = s + y (1 - s), s = sigmoid(x)
  silu: unary((b, g, x, y) => {
    const s = b.sigmoid(x);
    return b.mul(g, b.add(s, b.mul(y, oneMinus(b, s))));
  }),
  gelu: geluRule,
  // Taken for a constant.
  stopGradient: () => [undefined],
  // (x^p)' = p x^(p-1)
  pow: unary<'pow'>((b, g, x, _y, { attributes: { exponent } }) =>
    // x^0 is 1 everywhere: at x = 0 the formula would give 0 * infinity.
    exponent === 0 ? b.expand(b.scalar(0), x.shape) : b.mul(g, b.scale(b.pow(x, exponent - 1), exponent)),
  ),

  add: binary(
    (_b, g) => g,
    (_b, g) => g,
  ),
  sub: binary(
    (_b, g) => g,
    (b, g) => b.neg(g),
  ),
  // (xy)' = x'y + xy'
  mul: binary(
    (b, g, [, y]) => b.mul(g, y!),
    (b, g, [x]) => b.mul(g, x!),
  ),
  // (x/y)' = x'/y - (x/y) y'/y
  div: binary(
    (b, g, [, y]) => b.div(g, y!),
    (b, g, [, y], quotient) => b.neg(b.div(b.mul(g, quotient), y!)),
  ),
  where: ({ builder: b, node, g, wants }) => {
    const [condition, x, y] = node.inputs;
    const zero = b.scalar(0);
    return [
      undefined,
      wants(1) ? unbroadcast(b, b.where(condition!, g, zero), x!.shape) : undefined,
      wants(2) ? unbroadcast(b, b.where(condition!, zero, g), y!.shape) : undefined,
    ];
  },
  less: notDifferentiable('a comparison is piecewise constant'),
  bitXor: notDifferentiable('bits are integers'),
  shiftRight: notDifferentiable('bits are integers'),
  cast: notDifferentiable('it turns to or from whole numbers or truth values, which have no gradient'),

  ...productRules,
  // Straight through the rounding: dx = (g scales) codes^T. Codes and scales are frozen.
  int8Matmul: ({ builder: b, node, g }) => {
    const [, codes, scales] = node.inputs;
    const { transposeB, digits } = node.attributes;
    const scaled = scales === undefined ? g : b.mul(g, scales);
    const turned = transposeB === true ? {} : { transposeB: true as const };
    return [b.int8Matmul(scaled, codes!, undefined, { digits, ...turned }), undefined, undefined];
  },
  dequantizeRows: notDifferentiable('the matrix it reads is frozen'),
  dequantizeBlocks: notDifferentiable('the matrix it reads is frozen'),

  reduceSum: ({ builder: b, node, g }) => [spread(b, g, node)],
  reduceMean: ({ builder: b, node, g }) => {
    const [x] = node.inputs;
    const count = node.attributes.axes.reduce((n, axis) => n * knownSize(x!, axis), 1);
    return [b.scale(spread(b, g, node), 1 / count)];
  },
  reduceMax: notDifferentiable('it only steadies sums of exponentials, where its gradient cancels'),

  reshape: unary((b, g, x) => b.reshape(g, x.shape)),
  transpose: unary<'transpose'>((b, g, _x, _y, { attributes: { permutation } }) =>
    b.transpose(
      g,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ),
  expand: unary((b, g, x) => unbroadcast(b, g, x.shape)),
  concat: ({ builder: b, node, g }) => {
    const { axis } = node.attributes;
    let start: Dim = 0;
    return node.inputs.map((part) => {
      const end = addDims(start, part.shape[axis]!);
      const piece = b.slice(g, axis, start, end);
      start = end;
      return piece;
    });
  },
  slice: unary<'slice'>((b, g, x, _y, { attributes: { axis, start, end } }) =>
    b.pad(g, axis, start, subtractDims(x.shape[axis]!, end)!),
  ),
  pad: unary<'pad'>((b, g, x, _y, { attributes: { axis, before } }) =>
    b.slice(g, axis, before, addDims(before, x.shape[axis]!)),
  ),

  gather: ({ builder: b, node, g }) => [
    b.scatterAdd(node.inputs[1]!, g, node.inputs[0]!.shape[0]!),
    undefined,
  ],
  scatterAdd: ({ builder: b, node, g }) => [undefined, b.gather(g, node.inputs[0]!)],
  // packRows places every token in one slot and zeros elsewhere: its transpose is unpackRows, and the reverse.
  packRows: ({ builder: b, node, g }) => {
    const [, index, inverse, slotIsReal] = node.inputs;
    return [b.unpackRows(g, index!, inverse!, slotIsReal!), undefined, undefined, undefined];
  },
  unpackRows: ({ builder: b, node, g }) => {
    const [, index, inverse, slotIsReal] = node.inputs;
    return [b.packRows(g, index!, inverse!, slotIsReal!), undefined, undefined, undefined];
  },

  // dx = y (g - sum(g y))
  softmax: unary((b, g, x, y) => b.mul(y, b.sub(g, b.reduceSum(b.mul(g, y), lastAxis(x), true)))),
  // dx = g - exp(y) sum(g)
  logSoftmax: unary((b, g, x, y) => b.sub(g, b.mul(b.exp(y), b.reduceSum(g, lastAxis(x), true)))),
  rmsNorm: rmsNormRule,
  layerNorm: layerNormRule,
  // A rotation: its transpose turns back. The tables of angles are constants of the model.
  rotary: ({ builder: b, node, g }) => {
    const [, cos, sin, positions] = node.inputs;
    const back = { ...node.attributes, inverse: !node.attributes.inverse };
    return [b.rotary(g, cos!, sin!, positions!, back), undefined, undefined, undefined];
  },
};

/** Gradient of a reduction: the same value for every element that was summed. */
function spread(b: GraphBuilder, g: Value, node: NodeOf<'reduceSum'> | NodeOf<'reduceMean'>): Value {
  const [x] = node.inputs;
  const kept = x!.shape.map((dim, axis) => (node.attributes.axes.includes(axis) ? 1 : dim));
  return b.expand(b.reshape(g, kept), x!.shape);
}
