/**
 * @file What the elementwise operators mean, number by number: float32 values as float64, uint32 wrapping, int64 as
 * bigint. The reference interpreter and constant folding both compute with it.
 */
import { erf } from '../base/erf.ts';
import { invariant } from '../base/errors.ts';
import { allocate } from '../tensor/dtype.ts';
import { bigintsOf, numbersOf } from '../tensor/elements.ts';
import { type HostTensor, sizeOf } from '../tensor/host-tensor.ts';
import { broadcastSizes, broadcastStrides, stridedOffsets } from '../tensor/strided.ts';
import { formatShape } from './dim.ts';
import type { GeluApproximation, GraphDType, OpAttributes } from './ops.ts';

type Unary<K extends keyof OpAttributes> = (x: number, attributes: OpAttributes[K]) => number;

export type UnaryOp =
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'reciprocal'
  | 'sigmoid'
  | 'tanh'
  | 'erf'
  | 'silu'
  | 'gelu'
  | 'stopGradient'
  | 'pow'
  | 'shiftRight';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const gelu: { readonly [K in GeluApproximation]: (x: number) => number } = {
  none: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

const unaryMeaning: { readonly [K in UnaryOp]: Unary<K> } = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  sigmoid,
  tanh: Math.tanh,
  erf,
  silu: (x) => x * sigmoid(x),
  gelu: (x, { approximate }) => gelu[approximate](x),
  stopGradient: (x) => x,
  pow: (x, { exponent }) => x ** exponent,
  // For uint32: >>> is JavaScript's logical shift of 32 bits.
  shiftRight: (x, { amount }) => x >>> amount,
};

/** How a binary operator computes each element type it takes. */
interface BinaryMeaning {
  readonly float?: (a: number, b: number) => number;
  readonly uint32?: (a: number, b: number) => number;
  readonly int64?: (a: bigint, b: bigint) => bigint;
}

export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'less' | 'bitXor';

const lessNumber = (a: number, b: number) => (a < b ? 1 : 0);

const binaryMeaning: { readonly [K in BinaryOp]: BinaryMeaning } = {
  add: {
    float: (a, b) => a + b,
    uint32: (a, b) => (a + b) >>> 0,
    int64: (a, b) => BigInt.asIntN(64, a + b),
  },
  sub: { float: (a, b) => a - b },
  mul: {
    float: (a, b) => a * b,
    // A plain product loses the low bits above 2^53.
    uint32: (a, b) => Math.imul(a, b) >>> 0,
    int64: (a, b) => BigInt.asIntN(64, a * b),
  },
  div: { float: (a, b) => a / b },
  less: { float: lessNumber, uint32: lessNumber, int64: (a, b) => (a < b ? 1n : 0n) },
  bitXor: { uint32: (a, b) => (a ^ b) >>> 0 },
};

/** `x` has float64 or uint32 elements. */
export function computeUnary<K extends UnaryOp>(
  op: K,
  x: HostTensor,
  attributes: OpAttributes[K],
): HostTensor {
  const meaning: Unary<K> = unaryMeaning[op];
  return { ...x, data: numbersOf(x).map((value) => meaning(value, attributes)) };
}

/** Operands of one element type, float64 for floats, broadcast against each other. */
export function computeBinary(op: BinaryOp, a: HostTensor, b: HostTensor): HostTensor {
  const { float, uint32, int64 } = binaryMeaning[op];
  const shape = commonShape(a, b);
  const dtype = op === 'less' ? 'bool' : a.dtype;
  const [i, j] = [broadcastOffsets(a, shape), broadcastOffsets(b, shape)];
  if (a.dtype === 'int64') {
    invariant(int64 !== undefined, `${op} is not for int64`);
    const [x, y] = [bigintsOf(a), bigintsOf(b)];
    const values = BigInt64Array.from(i, (from, n) => int64(x[from]!, y[j[n]!]!));
    return { dtype, shape, data: dtype === 'bool' ? Uint8Array.from(values, Number) : values };
  }
  const meaning = a.dtype === 'uint32' ? uint32 : float;
  invariant(meaning !== undefined, `${op} is not for ${a.dtype}`);
  const [x, y] = [numbersOf(a), numbersOf(b)];
  const out = { dtype, shape, data: allocate(dtype, sizeOf(shape)) };
  const data = numbersOf(out);
  for (let n = 0; n < data.length; n++) data[n] = meaning(x[i[n]!]!, y[j[n]!]!);
  return out;
}

/** condition ? a : b, all three broadcast. */
export function computeWhere(condition: HostTensor, a: HostTensor, b: HostTensor): HostTensor {
  const shape = commonShape(condition, { ...a, shape: commonShape(a, b) });
  const offsets = [condition, a, b].map((x) => broadcastOffsets(x, shape));
  const [chosen, x, y] = [condition, a, b].map(numbersOf);
  const data = Float64Array.from(offsets[0]!, (from, n) =>
    chosen![from] !== 0 ? x![offsets[1]![n]!]! : y![offsets[2]![n]!]!,
  );
  return { dtype: 'float64', shape, data };
}

/** Floats are cut toward zero, whole numbers wrap, all but 0 is true. A `float32` comes and goes as float64. */
export function computeCast(x: HostTensor, to: GraphDType): HostTensor {
  const { shape } = x;
  // `map` of a union of array types has no signature in TypeScript.
  const values: (number | bigint)[] = [...x.data];
  const whole = (value: number | bigint) => BigInt(typeof value === 'number' ? Math.trunc(value) : value);
  switch (to) {
    case 'float32':
      return { dtype: 'float64', shape, data: Float64Array.from(values, Number) };
    case 'int64':
      return { dtype: 'int64', shape, data: BigInt64Array.from(values, whole) };
    case 'uint32':
      return {
        dtype: 'uint32',
        shape,
        data: Uint32Array.from(values, (v) => Number(BigInt.asUintN(32, whole(v)))),
      };
    case 'int8':
      return {
        dtype: 'int8',
        shape,
        data: Int8Array.from(values, (v) => Number(BigInt.asIntN(8, whole(v)))),
      };
    case 'uint8':
      return {
        dtype: 'uint8',
        shape,
        data: Uint8Array.from(values, (v) => Number(BigInt.asUintN(8, whole(v)))),
      };
    case 'bool':
      return { dtype: 'bool', shape, data: Uint8Array.from(values, (v) => (Number(v) === 0 ? 0 : 1)) };
  }
}

const broadcastOffsets = (x: HostTensor, shape: readonly number[]) =>
  stridedOffsets(shape, broadcastStrides(x.shape, shape));

function commonShape(a: HostTensor, b: HostTensor): number[] {
  const shape = broadcastSizes(a.shape, b.shape);
  invariant(shape !== undefined, `${formatShape(a.shape)} and ${formatShape(b.shape)} do not broadcast`);
  return shape;
}
