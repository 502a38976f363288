/** @file Shape inference: for each operator, the element type and shape of its output, or why its operands do not fit. */
import { invariant } from '../base/errors.ts';
import { addDims, type Dim, formatShape, type Shape, sameShape, shapeSize, subtractDims } from './dim.ts';
import type { Value } from './graph.ts';
import type {
  BlockAttributes,
  GraphDType,
  Int8MatmulAttributes,
  MatmulAttributes,
  OpAttributes,
  OpName,
  ReduceAttributes,
} from './ops.ts';

export interface TensorType {
  readonly dtype: GraphDType;
  readonly shape: Shape;
}

type ShapeRule<K extends OpName> = (inputs: readonly TensorType[], attributes: OpAttributes[K]) => TensorType;

function operands(inputs: readonly TensorType[], count: number): readonly TensorType[] {
  invariant(inputs.length === count, `expected ${count} operands, found ${inputs.length}`);
  return inputs;
}

function requireDType(type: TensorType, ...allowed: readonly GraphDType[]): void {
  invariant(allowed.includes(type.dtype), `expected ${allowed.join(' or ')}, found ${type.dtype}`);
}

export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis): Dim => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    invariant(x === y || x === 1 || y === 1, `${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    return x === 1 ? y : x;
  });
}

const unary = (inputs: readonly TensorType[]): TensorType => {
  const [x] = operands(inputs, 1);
  requireDType(x!, 'float32');
  return { dtype: 'float32', shape: x!.shape };
};

const binary =
  (...allowed: readonly GraphDType[]) =>
  (inputs: readonly TensorType[]): TensorType => {
    const [a, b] = operands(inputs, 2);
    requireDType(a!, ...allowed);
    requireDType(b!, a!.dtype);
    return { dtype: a!.dtype, shape: broadcastShapes(a!.shape, b!.shape) };
  };

function matmulShape(a: TensorType, b: TensorType, { transposeA, transposeB }: MatmulAttributes): Shape {
  requireDType(a, 'float32');
  requireDType(b, 'float32');
  invariant(a.shape.length >= 2 && b.shape.length >= 2, 'matmul wants matrices');
  const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [l, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  invariant(k === l, `inner sizes ${k} and ${l} differ: ${formatShape(a.shape)}, ${formatShape(b.shape)}`);
  return [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
}

/** Sums of K products of bytes are held in 32 bits. */
const LARGEST_INT8_SUM = Math.floor((2 ** 31 - 1) / (255 * 128));

const requireRowCodes = ({ dtype }: TensorType) =>
  invariant(dtype === 'int8' || dtype === 'uint8', `codes are int8 or uint8, not ${dtype}`);

const int8MatmulType = (inputs: readonly TensorType[], { transposeB }: Int8MatmulAttributes): TensorType => {
  const [x, codes, scales] = operands(inputs, inputs.length === 2 ? 2 : 3);
  requireDType(x!, 'float32');
  requireRowCodes(codes!);
  invariant(x!.shape.length === 2 && codes!.shape.length === 2, 'int8Matmul wants matrices');
  const [K, O] = transposeB ? [codes!.shape[1]!, codes!.shape[0]!] : [codes!.shape[0]!, codes!.shape[1]!];
  invariant(
    x!.shape[1] === K && typeof K === 'number' && K <= LARGEST_INT8_SUM,
    `inner sizes ${x!.shape[1]} and ${K} differ, or are over ${LARGEST_INT8_SUM}`,
  );
  if (scales !== undefined) {
    requireDType(scales, 'float32');
    invariant(sameShape(scales.shape, [O]), `scales ${formatShape(scales.shape)} are not [${O}]`);
  }
  return { dtype: 'float32', shape: [x!.shape[0]!, O] };
};

const dequantizeBlocksType = (
  inputs: readonly TensorType[],
  { values, blockSize, shape }: BlockAttributes,
): TensorType => {
  const [codes, factors] = operands(inputs, 2);
  requireDType(codes!, 'uint8');
  requireDType(factors!, 'float32');
  const blocks = Math.ceil(shape.reduce((size, dim) => size * dim, 1) / blockSize);
  invariant(
    values.length === 16 &&
      blockSize % 2 === 0 &&
      sameShape(codes!.shape, [(blocks * blockSize) / 2]) &&
      sameShape(factors!.shape, [blocks]),
    `${blocks} blocks of ${blockSize}: codes ${formatShape(codes!.shape)}, factors ${formatShape(factors!.shape)}`,
  );
  return { dtype: 'float32', shape };
};

const reduce = (inputs: readonly TensorType[], { axes, keepDims }: ReduceAttributes): TensorType => {
  const [x] = operands(inputs, 1);
  requireDType(x!, 'float32');
  invariant(
    axes.every((axis) => axis >= 0 && axis < x!.shape.length) && new Set(axes).size === axes.length,
    `axes ${axes.join(', ')} are not all axes of ${formatShape(x!.shape)}`,
  );
  const shape = keepDims
    ? x!.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : x!.shape.filter((_, axis) => !axes.includes(axis));
  return { dtype: 'float32', shape };
};

const replaceAxis = (shape: Shape, axis: number, change: (dim: Dim) => Dim): Shape => {
  invariant(axis >= 0 && axis < shape.length, `${axis} is not an axis of ${formatShape(shape)}`);
  return shape.map((dim, i) => (i === axis ? change(dim) : dim));
};

/** A normalisation of the last axis with a weight of its size. */
const weightedNorm = (inputs: readonly TensorType[]): TensorType => {
  const [x, weight] = operands(inputs, 2);
  requireDType(x!, 'float32');
  requireDType(weight!, 'float32');
  invariant(
    weight!.shape.length === 1 && weight!.shape[0] === x!.shape.at(-1),
    `weight ${formatShape(weight!.shape)} does not fit ${formatShape(x!.shape)}`,
  );
  return { dtype: 'float32', shape: x!.shape };
};

const rowIndices = (
  index: TensorType,
  inverse: TensorType,
  slotIsReal: TensorType,
): { readonly rows: Shape; readonly tokens: Dim } => {
  requireDType(index, 'int64');
  requireDType(inverse, 'int64');
  requireDType(slotIsReal, 'float32');
  invariant(
    index.shape.length === 2 && sameShape(index.shape, slotIsReal.shape),
    'index and slotIsReal are [B, S]',
  );
  invariant(inverse.shape.length === 1 || inverse.shape.length === 2, 'inverse is [N] or [N, R]');
  return { rows: index.shape, tokens: inverse.shape[0]! };
};

export const shapeRules: { readonly [K in OpName]: ShapeRule<K> } = {
  constant: (inputs, { value }) => {
    operands(inputs, 0);
    const { dtype } = value;
    invariant(dtype !== 'float64' && dtype !== 'int32', `a constant of ${dtype} is not for graphs`);
    return { dtype, shape: value.shape };
  },
  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  reciprocal: unary,
  sigmoid: unary,
  tanh: unary,
  erf: unary,
  silu: unary,
  stopGradient: unary,
  gelu: unary,
  pow: unary,
  add: binary('float32', 'uint32', 'int64'),
  sub: binary('float32'),
  mul: binary('float32', 'uint32', 'int64'),
  div: binary('float32'),
  less: (inputs) => ({ dtype: 'bool', shape: binary('float32', 'uint32', 'int64')(inputs).shape }),
  where: (inputs) => {
    const [condition, a, b] = operands(inputs, 3);
    requireDType(condition!, 'bool');
    const { dtype, shape } = binary('float32')([a!, b!]);
    return { dtype, shape: broadcastShapes(condition!.shape, shape) };
  },
  bitXor: binary('uint32'),
  shiftRight: (inputs, { amount }) => {
    const [x] = operands(inputs, 1);
    requireDType(x!, 'uint32');
    invariant(amount >= 0 && amount < 32, `a shift by ${amount} bits`);
    return { dtype: 'uint32', shape: x!.shape };
  },
  cast: (inputs, { to }) => ({ dtype: to, shape: operands(inputs, 1)[0]!.shape }),
  matmul: (inputs, attributes) => {
    const [a, b] = operands(inputs, 2);
    return { dtype: 'float32', shape: matmulShape(a!, b!, attributes) };
  },
  gemm: (inputs, attributes) => {
    const [a, b, c] = operands(inputs, 3);
    const shape = matmulShape(a!, b!, attributes);
    invariant(shape.length === 2, 'gemm is for matrices');
    requireDType(c!, 'float32');
    invariant(
      sameShape(broadcastShapes(c!.shape, shape), shape),
      `${formatShape(c!.shape)} does not fit ${formatShape(shape)}`,
    );
    return { dtype: 'float32', shape };
  },
  int8Matmul: int8MatmulType,
  dequantizeRows: (inputs) => {
    const [codes, scales] = operands(inputs, 2);
    requireRowCodes(codes!);
    requireDType(scales!, 'float32');
    invariant(
      codes!.shape.length === 2 && sameShape(scales!.shape, codes!.shape.slice(0, 1)),
      `codes ${formatShape(codes!.shape)} and scales ${formatShape(scales!.shape)} are not [O, K] and [O]`,
    );
    return { dtype: 'float32', shape: codes!.shape };
  },
  dequantizeBlocks: dequantizeBlocksType,
  reduceSum: reduce,
  reduceMean: (inputs, attributes) => {
    const type = reduce(inputs, attributes);
    // Its gradient divides by the size, which has to be known when the graph is built.
    invariant(
      attributes.axes.every((axis) => typeof inputs[0]!.shape[axis] === 'number'),
      `a mean over an axis of unknown size of ${formatShape(inputs[0]!.shape)}`,
    );
    return type;
  },
  reduceMax: reduce,
  reshape: (inputs, { shape }) => {
    const [x] = operands(inputs, 1);
    invariant(
      shapeSize(x!.shape) === shapeSize(shape),
      `${formatShape(x!.shape)} has another size than ${formatShape(shape)}`,
    );
    return { dtype: x!.dtype, shape };
  },
  transpose: (inputs, { permutation }) => {
    const [x] = operands(inputs, 1);
    invariant(
      [...permutation].sort((a, b) => a - b).every((axis, i) => axis === i) &&
        permutation.length === x!.shape.length,
      `[${permutation.join(', ')}] is not a permutation of the axes of ${formatShape(x!.shape)}`,
    );
    return { dtype: x!.dtype, shape: permutation.map((axis) => x!.shape[axis]!) };
  },
  expand: (inputs, { shape }) => {
    const [x] = operands(inputs, 1);
    invariant(
      sameShape(broadcastShapes(x!.shape, shape), shape),
      `${formatShape(x!.shape)} does not broadcast to ${formatShape(shape)}`,
    );
    return { dtype: x!.dtype, shape };
  },
  concat: (inputs, { axis }) => {
    invariant(inputs.length > 0, 'concat of nothing');
    const first = inputs[0]!;
    for (const other of inputs) {
      requireDType(other, first.dtype);
      invariant(
        sameShape(
          replaceAxis(other.shape, axis, () => 0),
          replaceAxis(first.shape, axis, () => 0),
        ),
        `${formatShape(first.shape)} and ${formatShape(other.shape)} differ off axis ${axis}`,
      );
    }
    const total = inputs.reduce<Dim>((sum, input) => addDims(sum, input.shape[axis]!), 0);
    return { dtype: first.dtype, shape: replaceAxis(first.shape, axis, () => total) };
  },
  slice: (inputs, { axis, start, end }) => {
    const [x] = operands(inputs, 1);
    const shape = replaceAxis(x!.shape, axis, (dim) => {
      const size = subtractDims(end, start);
      invariant(
        subtractDims(start, 0) !== undefined &&
          size !== undefined &&
          size !== 0 &&
          subtractDims(dim, end) !== undefined,
        `[${start}:${end}] is not inside an axis of ${dim}`,
      );
      return size;
    });
    return { dtype: x!.dtype, shape };
  },
  pad: (inputs, { axis, before, after }) => {
    const [x] = operands(inputs, 1);
    requireDType(x!, 'float32');
    invariant(
      subtractDims(before, 0) !== undefined && subtractDims(after, 0) !== undefined,
      `padding by ${before} and ${after}`,
    );
    const padded = (dim: Dim) => addDims(dim, addDims(before, after));
    return { dtype: 'float32', shape: replaceAxis(x!.shape, axis, padded) };
  },
  gather: (inputs) => {
    const [x, indices] = operands(inputs, 2);
    requireDType(indices!, 'int64');
    invariant(x!.shape.length >= 1, 'gather wants rows');
    return { dtype: x!.dtype, shape: [...indices!.shape, ...x!.shape.slice(1)] };
  },
  scatterAdd: (inputs, { rows }) => {
    const [indices, updates] = operands(inputs, 2);
    requireDType(indices!, 'int64');
    requireDType(updates!, 'float32');
    const rank = indices!.shape.length;
    invariant(
      sameShape(updates!.shape.slice(0, rank), indices!.shape),
      `updates ${formatShape(updates!.shape)} do not begin with ${formatShape(indices!.shape)}`,
    );
    return { dtype: 'float32', shape: [rows, ...updates!.shape.slice(rank)] };
  },
  packRows: (inputs) => {
    const [x, index, inverse, slotIsReal] = operands(inputs, 4);
    requireDType(x!, 'float32');
    const { rows, tokens } = rowIndices(index!, inverse!, slotIsReal!);
    invariant(x!.shape.length === 2 && x!.shape[0] === tokens, `x is [N, D], found ${formatShape(x!.shape)}`);
    return { dtype: 'float32', shape: [...rows, x!.shape[1]!] };
  },
  unpackRows: (inputs) => {
    const [y, index, inverse, slotIsReal] = operands(inputs, 4);
    requireDType(y!, 'float32');
    const { rows, tokens } = rowIndices(index!, inverse!, slotIsReal!);
    invariant(
      y!.shape.length === 3 && sameShape(y!.shape.slice(0, 2), rows),
      `y is [B, S, D], found ${formatShape(y!.shape)}`,
    );
    return { dtype: 'float32', shape: [tokens, y!.shape[2]!] };
  },
  softmax: unary,
  logSoftmax: unary,
  rmsNorm: weightedNorm,
  layerNorm: weightedNorm,
  rotary: (inputs, { headSize }) => {
    const [x, cos, sin, positions] = operands(inputs, 4);
    for (const operand of [x!, cos!, sin!]) requireDType(operand, 'float32');
    requireDType(positions!, 'int64');
    invariant(
      x!.shape.length === 2 && positions!.shape.length === 1 && x!.shape[0] === positions!.shape[0],
      `x is [N, H*d] and positions [N], found ${formatShape(x!.shape)}, ${formatShape(positions!.shape)}`,
    );
    const half = cos!.shape[1];
    const width = x!.shape[1];
    invariant(
      sameShape(cos!.shape, sin!.shape) &&
        typeof half === 'number' &&
        typeof width === 'number' &&
        width % (headSize ?? 2 * half) === 0,
      `cos and sin are [M, d/2] with d dividing ${width}, found ${formatShape(cos!.shape)}` +
        (headSize === undefined ? '' : ` and heads of ${headSize}`),
    );
    invariant(
      headSize === undefined || 2 * half <= headSize,
      `${2 * half} features of a head of ${headSize} can't turn`,
    );
    return { dtype: 'float32', shape: x!.shape };
  },
};

/** The type of an operator's output. Throws an internal error when the operands do not fit. */
export function inferType<K extends OpName>(
  op: K,
  inputs: readonly Value[],
  attributes: OpAttributes[K],
): TensorType {
  try {
    return shapeRules[op](inputs, attributes);
  } catch (cause) {
    const list = inputs.map((input) => `${input.name} ${input.dtype}${formatShape(input.shape)}`).join(', ');
    throw new Error(`${op}(${list}): ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
