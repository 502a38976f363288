/** @file The reference interpreter as a backend, and what is special to it: float64, exact integers, strict indices. */
import { describe, expect, test } from 'vitest';
import { erf } from '../../../src/base/erf.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Shape } from '../../../src/graph/dim.ts';
import type { Graph, Node, Value } from '../../../src/graph/graph.ts';
import type { GraphDType } from '../../../src/graph/ops.ts';
import { interpret, referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { float32, type HostTensor, hostTensor, int64, zeros } from '../../../src/tensor/host-tensor.ts';

/** One operator on one input `x`; the output is y. */
function graphOf(dtype: GraphDType, shape: Shape, make: (b: GraphBuilder, x: Value) => Value): Graph {
  const b = new GraphBuilder();
  b.output('y', make(b, b.input('x', dtype, shape)));
  return b.build();
}

const negated = graphOf('float32', ['N'], (b, x) => b.neg(x));

describe('as a backend', () => {
  test('float32 goes in, float64 comes out', async () => {
    const executable = await referenceBackend().compile(negated);
    expect(await executable.run({ x: float32([2], [1, -0.5]) })).toEqual({
      y: hostTensor('float64', [2], Float64Array.of(-1, 0.5)),
    });
    await executable.release();
  });

  test('float64 goes in unrounded', () => {
    const x = hostTensor('float64', [1], Float64Array.of(0.1));
    expect(interpret(negated, { x }).y!.data[0]).toBe(-0.1);
  });

  test('what does not fit is refused', async () => {
    const executable = await referenceBackend().compile(negated);
    await expect(executable.run({})).rejects.toThrow('input x is missing');
  });

  test('feeds are not written to', () => {
    const x = float32([2], [1, 2]);
    interpret(negated, { x });
    expect([...x.data]).toEqual([1, 2]);
  });
});

describe('inference is held to what is computed', () => {
  const lie = (node: Node, change: Partial<Value>): Node =>
    ({ ...node, output: { ...node.output, ...change } }) as Node;

  test.each([
    ['shape', { shape: [3] }, 'neg_0 (neg) is float64[2], inferred was float32[3] = [3]'],
    ['element type', { dtype: 'int64' }, 'neg_0 (neg) is float64[2], inferred was int64[N] = [2]'],
  ] as const)('%s', (_name, change, message) => {
    const graph = { ...negated, nodes: [lie(negated.nodes[0]!, change)] };
    expect(() => interpret(graph, { x: float32([2], [1, 2]) })).toThrow(message);
  });
});

describe('whole numbers are exact', () => {
  const run = (x: HostTensor, make: (b: GraphBuilder, x: Value) => Value) =>
    interpret(graphOf(x.dtype as GraphDType, x.shape, make), { x }).y!.data;

  test('int64 beyond 2^53, wrapping at 2^63', () => {
    const large = hostTensor('int64', [1], BigInt64Array.of(2n ** 62n + 1n));
    expect(run(large, (b, x) => b.add(x, b.constant(int64([], [1]))))).toEqual(
      BigInt64Array.of(2n ** 62n + 2n),
    );
    expect(run(large, (b, x) => b.add(x, x))).toEqual(BigInt64Array.of(-(2n ** 63n) + 2n));
  });

  test('products of uint32 keep their low bits', () => {
    const keys = hostTensor('uint32', [1], Uint32Array.of(0xdeadbeef));
    const expected = Number((0xdeadbeefn * 0x9e3779b1n) % 2n ** 32n);
    expect(run(keys, (b, x) => b.mul(x, b.uint32(0x9e3779b1)))).toEqual(Uint32Array.of(expected));
  });

  test('casts cut toward zero and wrap', () => {
    expect(run(float32([3], [1.9, -1.9, 0]), (b, x) => b.cast(x, 'int64'))).toEqual(
      BigInt64Array.of(1n, -1n, 0n),
    );
    expect(run(int64([2], [-1, 2 ** 32 + 7]), (b, x) => b.cast(x, 'uint32'))).toEqual(
      Uint32Array.of(0xffffffff, 7),
    );
  });
});

describe('rows by number', () => {
  test.each([-1, 3])('row %i of 3 is refused', (row) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3, 2]);
    b.output('y', b.gather(x, b.input('i', 'int64', ['N'])));
    const feeds = { x: zeros('float32', [3, 2]), i: int64([1], [row]) };
    expect(() => interpret(b.build(), feeds)).toThrow(`index ${row} is not one of 3 rows`);
  });

  test('padding slots are zero whatever lies where they point', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 1]);
    const index = b.input('index', 'int64', [1, 2]);
    b.output('y', b.packRows(x, index, b.input('inverse', 'int64', [1]), b.input('real', 'float32', [1, 2])));
    const feeds = {
      x: float32([1, 1], [Number.POSITIVE_INFINITY]),
      index: int64([1, 2], [0, 0]),
      inverse: int64([1], [0]),
      real: float32([1, 2], [1, 0]),
    };
    expect([...interpret(b.build(), feeds).y!.data]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});

test('softmax of scores that overflow', () => {
  const graph = graphOf('float32', [3], (b, x) => b.softmax(x));
  const x = hostTensor('float64', [3], Float64Array.of(1e4, 1e4 - Math.log(3), -1e9));
  const [a, b, c] = interpret(graph, { x }).y!.data as Float64Array;
  expect(a).toBeCloseTo(0.75, 11);
  expect(b).toBeCloseTo(0.25, 11);
  expect(c).toBe(0);
});

describe('erf', () => {
  // The nearest float64, from the series summed with 60 digits.
  test.each([
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [4.5, 0.9999999998033839],
  ])('of %d', (x, expected) => {
    expect(Math.abs(erf(x) - expected)).toBeLessThan(5e-16);
    expect(erf(-x)).toBe(-erf(x));
  });

  test('at its ends', () => {
    expect([erf(0), erf(6), erf(-40), erf(Number.POSITIVE_INFINITY)]).toEqual([0, 1, -1, 1]);
    expect(erf(Number.NaN)).toBeNaN();
    expect(erf(1e-200) / 1e-200).toBeCloseTo(2 / Math.sqrt(Math.PI), 14);
  });
});
