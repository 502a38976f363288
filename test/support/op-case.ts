/** @file One way to call an operator: its inputs (seeded random, in its domain, sizes symbolic or fixed) and the call. */
import { randomStream } from '../../src/base/random.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { evaluateDim, type Shape } from '../../src/graph/dim.ts';
import type { Graph, Value } from '../../src/graph/graph.ts';
import type { GraphDType } from '../../src/graph/ops.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { allocate } from '../../src/tensor/dtype.ts';
import { type HostTensor, sizeOf } from '../../src/tensor/host-tensor.ts';

export interface CaseInput {
  readonly dtype: GraphDType;
  readonly shape: Shape;
  /** Element i; `random` is the input's own stream, uniform in [0, 1). */
  readonly element: (random: () => number, i: number) => number;
  /** Whether gradients with respect to it are checked. */
  readonly differentiable: boolean;
}

export interface OpCase {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  /** The output of the operator, or of a small graph around it. */
  readonly make: (builder: GraphBuilder, ...inputs: Value[]) => Value;
  /**
   * Where the operator rounds, so that its own differences say nothing: what its gradient is the gradient of, and how far
   * rounding may take it from that, of the largest entry.
   */
  readonly smooth?: { readonly make: OpCase['make']; readonly tolerance: number };
}

/** Sizes the symbols of all cases stand for; different, so that mixed-up axes are noticed. */
export const SIZES: ReadonlyMap<string, number> = new Map([
  ['N', 5],
  ['C', 2],
  ['B', 2],
  ['S', 4],
]);

export const opCase = (
  name: string,
  inputs: readonly CaseInput[],
  make: (builder: GraphBuilder, ...inputs: Value[]) => Value,
): OpCase => ({ name, inputs, make });

/** Uniform in [low, high). */
export const floats = (shape: Shape, low = -2, high = 2): CaseInput => ({
  dtype: 'float32',
  shape,
  element: (random) => low + (high - low) * random(),
  differentiable: true,
});

/** Either sign, at least `low` from 0. */
export const awayFromZero = (shape: Shape, low = 0.5, high = 2): CaseInput => ({
  ...floats(shape),
  element: (random) => (random() < 0.5 ? -1 : 1) * (low + (high - low) * random()),
});

/** Whole numbers in [low, high). */
export const wholes = (dtype: GraphDType, shape: Shape, low: number, high: number): CaseInput => ({
  dtype,
  shape,
  element: (random) => low + Math.floor((high - low) * random()),
  differentiable: false,
});

/** Row numbers below `rows`: with few rows, some come twice. */
export const rowNumbers = (shape: Shape, rows: number): CaseInput => wholes('int64', shape, 0, rows);

export const exactly = (dtype: GraphDType, shape: Shape, values: readonly number[]): CaseInput => ({
  dtype,
  shape,
  element: (_random, i) => values[i]!,
  differentiable: dtype === 'float32',
});

/** An input whose gradient is not asked for: tables of angles, masks. */
export const frozen = (input: CaseInput): CaseInput => ({ ...input, differentiable: false });

export interface CaseGraph {
  readonly builder: GraphBuilder;
  readonly inputs: readonly Value[];
  readonly output: Value;
}

/** Inputs are called x0, x1 ...; the output is y. */
export function buildCase({ inputs, make }: OpCase): CaseGraph {
  const builder = new GraphBuilder();
  const values = inputs.map(({ dtype, shape }, i) => builder.input(`x${i}`, dtype, shape));
  const output = make(builder, ...values);
  builder.output('y', output);
  return { builder, inputs: values, output };
}

export const finish = (builder: GraphBuilder): Graph => verifyGraph(builder.build());

/** The same for the same case, in any order of cases. */
export function feedsOf({ name, inputs }: OpCase): Record<string, HostTensor> {
  return Object.fromEntries(inputs.map((input, i) => [`x${i}`, draw(input, name, i)]));
}

/** Values of one input. */
export function draw({ dtype, shape, element }: CaseInput, name: string, index = 0): HostTensor {
  const stream = randomStream(7, name, index);
  const sizes = shape.map((dim) => evaluateDim(dim, SIZES));
  const data = allocate(dtype, sizeOf(sizes));
  for (let i = 0; i < data.length; i++) {
    const value = element(() => stream.uniform(), i);
    if (data instanceof BigInt64Array) data[i] = BigInt(value);
    else data[i] = value;
  }
  return { dtype, shape: sizes, data };
}

/** The largest difference of two tensors, relative to the largest entry of `expected` (0 when both are equal). */
export function relativeError(actual: HostTensor, expected: HostTensor): number {
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [Number(actual.data[i]), Number(expected.data[i])];
    largest = Math.max(largest, Math.abs(e));
    if (!Object.is(a, e))
      worst = Math.max(worst, Number.isNaN(a - e) ? Number.POSITIVE_INFINITY : Math.abs(a - e));
  }
  return worst === 0 ? 0 : worst / Math.max(largest, Number.MIN_VALUE);
}
