/**
 * @file Graphs out of random numbers, for properties that hold for every graph: all floating-point operators, constants
 * that invite simplification, values read several times or never. Magnitudes are kept where float64 is exact enough.
 */
import fc from 'fast-check';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { type Dim, evaluateDim, sameShape } from '../../src/graph/dim.ts';
import type { Value } from '../../src/graph/graph.ts';
import { broadcastShapes } from '../../src/graph/shape-rules.ts';
import { float32, type HostTensor, hostTensor, sizeOf } from '../../src/tensor/host-tensor.ts';
import { type CaseInput, draw, exactly, floats, frozen, rowNumbers, SIZES, wholes } from './op-case.ts';

/** Which operator, and which of the values made so far it reads. */
export type Step = readonly [operator: number, first: number, second: number, variant: number];

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(fc.nat(999), fc.nat(99), fc.nat(99), fc.nat(99)),
  { minLength: 10, maxLength: 30 },
);

export interface RandomGraph {
  readonly builder: GraphBuilder;
  /** Inputs that gradients may be asked for. */
  readonly parameters: readonly Value[];
  readonly outputs: readonly Value[];
  readonly feeds: Record<string, HostTensor>;
}

const INPUTS: Readonly<Record<string, CaseInput>> = {
  x: floats(['N', 4]),
  column: floats(['N', 1]),
  rows: floats(['B', 'S', 4]),
  weight: floats([4, 4]),
  bias: floats([4]),
  number: floats([]),
  cos: frozen(floats([7, 2])),
  sin: frozen(floats([7, 2])),
  index: exactly('int64', ['B', 'S'], [0, 1, 0, 0, 2, 3, 4, 0]),
  inverse: exactly('int64', ['N'], [0, 1, 4, 5, 6]),
  slotIsReal: frozen(exactly('float32', ['B', 'S'], [1, 1, 0, 0, 1, 1, 1, 0])),
  some: rowNumbers(['N'], 3),
  keys: wholes('uint32', ['N', 1], 0, 2 ** 32),
  codes: wholes('int8', [4, 4], -127, 128),
  nibbles: wholes('uint8', [8], 0, 256),
};

interface Context {
  readonly b: GraphBuilder;
  readonly inputs: Readonly<Record<string, Value>>;
  /** Floating-point values to choose operands from. */
  readonly pool: readonly Value[];
  readonly variant: number;
}

type Operator = (x: Value, y: Value, context: Context) => Value | undefined;

/** The first value from `start` on, in a circle, that fits. */
function choose(pool: readonly Value[], start: number, fits: (value: Value) => boolean): Value | undefined {
  return [...pool.slice(start % pool.length), ...pool.slice(0, start % pool.length)].find(fits);
}

const lastKnown = (x: Value) => (typeof x.shape.at(-1) === 'number' ? (x.shape.at(-1) as number) : 0);
const lastAxis = (x: Value) => x.shape.length - 1;
const rank = (x: Value) => x.shape.length;
const onePlusSquare = (b: GraphBuilder, x: Value) => b.add(b.scalar(1), b.mul(x, x));

function broadcasts(a: Value, b: Value): boolean {
  try {
    broadcastShapes(a.shape, b.shape);
    return true;
  } catch {
    return false;
  }
}

const binary =
  (op: (b: GraphBuilder, x: Value, y: Value) => Value): Operator =>
  (x, y, { b, pool }) => {
    const other = choose(pool, pool.indexOf(y), (value) => broadcasts(x, value));
    return other && op(b, x, other);
  };

const NUMBERS = [0, 1, -1, 0.5, 2, 0.1];

const operators: readonly Operator[] = [
  (x, _, { b }) => b.neg(x),
  (x, _, { b }) => b.exp(b.tanh(x)),
  (x, _, { b }) => b.log(onePlusSquare(b, x)),
  (x, _, { b }) => b.sqrt(onePlusSquare(b, x)),
  (x, _, { b }) => b.reciprocal(onePlusSquare(b, x)),
  (x, _, { b }) => b.sigmoid(x),
  (x, _, { b }) => b.tanh(x),
  (x, _, { b }) => b.erf(x),
  (x, _, { b }) => b.silu(x),
  (x, _, { b }) => b.stopGradient(x),
  (x, _, { b, variant }) => b.gelu(x, variant % 2 === 0 ? 'none' : 'tanh'),
  (x, _, { b, variant }) => b.pow(b.exp(b.tanh(x)), [1, 2, 3, -1, 0.5][variant % 5]!),
  binary((b, x, y) => b.add(x, y)),
  binary((b, x, y) => b.sub(x, y)),
  binary((b, x, y) => b.mul(x, b.tanh(y))),
  binary((b, x, y) => b.div(x, onePlusSquare(b, y))),
  binary((b, x, y) => b.where(b.less(x, y), x, y)),
  binary((b, x, y) => b.mul(x, b.cast(b.less(y, b.scalar(0)), 'float32'))),
  // What identities are about: x + 0, x * 1, 0 - x, constants alone.
  (x, _, { b, variant }) => b.add(x, b.scalar(NUMBERS[variant % NUMBERS.length]!)),
  (x, _, { b, variant }) => b.mul(b.scalar(NUMBERS[variant % NUMBERS.length]!), x),
  (x, _, { b, variant }) => b.sub(b.scalar(NUMBERS[variant % NUMBERS.length]!), x),
  (x, _, { b, variant }) => b.div(x, b.sub(b.scalar(3), b.scalar(NUMBERS[variant % NUMBERS.length]!))),
  (_x, _y, { b, variant }) => b.exp(b.neg(b.scalar(NUMBERS[variant % NUMBERS.length]!))),
  (_x, _y, { b, variant }) => b.constant(float32([1, 4], [variant, 1, 0, -1])),
  (x, _, { b }) => b.add(x, b.expand(b.scalar(0), x.shape)),
  // Products.
  (x, y, { b, pool, variant }) => {
    if (rank(x) < 2) return undefined;
    const [transposeA, transposeB] = [variant % 2 === 1, variant % 4 > 1];
    const inner = x.shape.at(transposeA ? -2 : -1);
    const other = choose(
      pool,
      pool.indexOf(y),
      (value) =>
        rank(value) >= 2 &&
        value.shape.at(transposeB ? -1 : -2) === inner &&
        broadcasts({ ...x, shape: x.shape.slice(0, -2) }, { ...value, shape: value.shape.slice(0, -2) }),
    );
    if (other === undefined) return undefined;
    const product = b.matmul(x, b.tanh(other), { transposeA, transposeB, alpha: 0.5 });
    const addend = choose(pool, variant, (value) => sameShape(value.shape, product.shape));
    return addend && variant % 3 > 0 ? b.add(addend, product) : product;
  },
  (x, _, { b, inputs, variant }) =>
    rank(x) === 2 && lastKnown(x) === 4
      ? b.gemm(x, inputs.weight!, variant % 2 ? inputs.bias! : b.scalar(1), { transposeB: variant % 4 > 1 })
      : undefined,
  // Reductions and shapes.
  (x, _, { b, variant }) =>
    b.reduceSum(
      x,
      x.shape.flatMap((_dim, axis) => ((variant >> axis) & 1 ? [axis] : [])),
      variant % 3 === 0,
    ),
  (x, _, { b, variant }) =>
    lastKnown(x) > 0 ? b.reduceMean(x, [lastAxis(x)], variant % 2 === 0) : undefined,
  (x, _, { b }) => {
    const half = lastKnown(x) / 2;
    if (Number.isInteger(half) && half >= 1) return b.reshape(x, [...x.shape.slice(0, -1), half, 2]);
    const [m, n] = x.shape.slice(-2);
    return n === undefined ? undefined : b.reshape(x, [...x.shape.slice(0, -2), `${m}*${n}`]);
  },
  (x, _, { b }) => b.reshape(x, [...x.shape, 1]),
  (x, _, { b, variant }) => {
    const axes = x.shape.map((_dim, axis) => axis);
    const turn = variant % Math.max(1, rank(x));
    return b.transpose(x, [...axes.slice(turn), ...axes.slice(0, turn)]);
  },
  (x, _, { b }) => (rank(x) < 2 ? undefined : b.transpose(x, swapped(rank(x)))),
  (x, _, { b }) => (rank(x) < 4 ? b.expand(x, [2, ...x.shape]) : undefined),
  (x, y, { b, pool }) => {
    const joins = (value: Value) =>
      lastKnown(value) > 0 && sameShape(value.shape.slice(0, -1), x.shape.slice(0, -1));
    const other = lastKnown(x) > 0 && rank(x) > 0 ? choose(pool, pool.indexOf(y), joins) : undefined;
    return other && rank(other) > 0 ? b.concat([x, other], lastAxis(x)) : undefined;
  },
  (x, _, { b, variant }) =>
    lastKnown(x) > 2 ? b.slice(x, lastAxis(x), variant % 2, lastKnown(x) - (variant % 3 ? 1 : 0)) : undefined,
  (x, _, { b, variant }) => (lastKnown(x) > 0 ? b.pad(x, lastAxis(x), variant % 2, variant % 3) : undefined),
  // Rows by index.
  (x, _, { b, inputs }) => (x.shape[0] === 'N' ? b.gather(x, inputs.some!) : undefined),
  (x, _, { b, inputs, variant }) =>
    x.shape[0] === 'N' ? b.scatterAdd(inputs.some!, x, variant % 2 ? 'N' : 3) : undefined,
  (x, _, { b, inputs }) =>
    x.shape[0] === 'N' && rank(x) === 2
      ? b.packRows(x, inputs.index!, inputs.inverse!, inputs.slotIsReal!)
      : undefined,
  (x, _, { b, inputs }) =>
    sameShape(x.shape.slice(0, 2), ['B', 'S']) && rank(x) === 3
      ? b.unpackRows(x, inputs.index!, inputs.inverse!, inputs.slotIsReal!)
      : undefined,
  // The last axis.
  (x, _, { b }) => (rank(x) > 0 ? b.softmax(x) : undefined),
  (x, _, { b }) => (rank(x) > 0 ? b.logSoftmax(x) : undefined),
  (x, _, { b, inputs }) => (lastKnown(x) === 4 ? b.rmsNorm(x, inputs.bias!, 1e-5) : undefined),
  // Rows of equal numbers are common here: a small epsilon would blow their rounding up.
  (x, _, { b, inputs }) => (lastKnown(x) === 4 ? b.layerNorm(x, inputs.bias!, 0.5) : undefined),
  (x, _, { b, inputs, variant }) =>
    sameShape(x.shape, ['N', 4])
      ? b.rotary(x, inputs.cos!, inputs.sin!, inputs.inverse!, {
          inverse: variant % 2 === 0,
          interleaved: variant % 3 === 0,
        })
      : undefined,
  (x, _, { b, inputs, variant }) => {
    if (!sameShape(x.shape, ['N', 4])) return undefined;
    const [cos, sin] = [inputs.cos!, inputs.sin!].map((table) => b.slice(table, 1, 0, 1)); // [7, 1]
    return b.rotary(x, cos!, sin!, inputs.inverse!, {
      inverse: variant % 2 === 0,
      headSize: 4,
      interleaved: variant % 3 === 0,
    });
  },
  // Dropout as the project does it, with constants that fold.
  (x, _, { b, inputs, variant }) => {
    if (x.shape[0] !== 'N') return undefined;
    const columns = b.constant(hostTensor('uint32', [4], Uint32Array.of(variant, 2, 3, 2 ** 32 - 1)));
    const factor = b.mul(b.bitXor(b.uint32(0x85ebca6b), b.uint32(variant)), b.uint32(2 * variant + 1));
    const bits = b.mul(b.bitXor(inputs.keys!, b.shiftRight(columns, variant % 32)), factor);
    const dropped = b.less(bits, b.add(b.uint32(2 ** 31), b.uint32(variant)));
    return rank(x) === 2 && x.shape[1] === 4
      ? b.mul(x, b.where(dropped, b.scalar(0), b.scalar(2)))
      : undefined;
  },
];

/** Only where no gradient is asked for: it is not what differences of rounded numbers say. */
const rounded: Operator = (x, _, { b, inputs, variant }) => {
  if (rank(x) !== 2 || lastKnown(x) !== 4) return undefined;
  const matrix = b.dequantizeBlocks(inputs.nibbles!, inputs.bias!, {
    values: Array.from({ length: 16 }, (_value, i) => i / 8 - 1),
    blockSize: 4,
    shape: [4, 4],
  });
  // Steps of 1, so that what is rounded does not hang on the last bit.
  const whole = b.cast(b.cast(b.scale(b.tanh(x), 100), 'int64'), 'float32');
  const product = b.int8Matmul(whole, inputs.codes!, variant % 2 === 0 ? undefined : inputs.bias!, {
    digits: 1,
  });
  return b.add(b.matmul(product, matrix), b.matmul(whole, b.dequantizeRows(inputs.codes!, inputs.bias!)));
};

/** Only where no gradient is asked for: it has none. */
const maximum: Operator = (x, _, { b, variant }) =>
  rank(x) > 0 ? b.reduceMax(x, [variant % rank(x)], variant % 2 === 0) : undefined;

const swapped = (axes: number) =>
  Array.from({ length: axes }, (_, i) => (i < axes - 2 ? i : i === axes - 2 ? axes - 1 : axes - 2));

/** Larger values are made but not used again: dead code. */
const LARGEST = 800;

const sizeOfShape = (shape: readonly Dim[]) => sizeOf(shape.map((dim) => evaluateDim(dim, SIZES)));

export function randomGraph(
  program: readonly Step[],
  { differentiable }: { readonly differentiable: boolean },
): RandomGraph {
  const b = new GraphBuilder();
  const inputs = Object.fromEntries(
    Object.entries(INPUTS).map(([name, { dtype, shape }]) => [name, b.input(name, dtype, shape)]),
  );
  const parameters = Object.keys(INPUTS).flatMap((name) =>
    INPUTS[name]!.differentiable ? [inputs[name]!] : [],
  );
  const choices = differentiable ? operators : [...operators, maximum, rounded];
  const pool = [...parameters];
  for (const [operator, first, second, variant] of program) {
    const x = pool.at(-1 - (first % pool.length))!;
    const y = pool[second % pool.length]!;
    const context: Context = { b, inputs, pool, variant };
    const made = choices[operator % choices.length]!(x, y, context) ?? b.neg(x);
    if (sizeOfShape(made.shape) <= LARGEST) pool.push(made);
  }
  const outputs = [...new Set([pool.at(-1)!, pool.at(-3)!, pool[pool.length >> 1]!])];
  for (const [i, value] of outputs.entries()) b.output(`y${i}`, value);
  const feeds = Object.fromEntries(Object.entries(INPUTS).map(([name, input]) => [name, draw(input, name)]));
  return { builder: b, parameters, outputs, feeds };
}
