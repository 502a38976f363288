/** @file Elementwise operators on ONNX Runtime against numbers worked out by hand. */
import { expect, test } from 'vitest';
import type { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Value } from '../../../src/graph/graph.ts';
import { float32, type HostTensor, hostTensor, int64 } from '../../../src/tensor/host-tensor.ts';
import { runOrt } from '../../support/ort-run.ts';

const uint32 = (...values: number[]) => hostTensor('uint32', [values.length], Uint32Array.from(values));
const bool = (...values: number[]) => hostTensor('bool', [values.length], Uint8Array.from(values));
const row = (...values: number[]) => float32([values.length], values);

type Case = [string, HostTensor[], (b: GraphBuilder, ...v: Value[]) => Value, number[]];

const x = row(0.25, 1, 4);
const cases: Case[] = [
  ['neg', [row(1, -2)], (b, a) => b.neg(a!), [-1, 2]],
  ['exp', [row(0, 1)], (b, a) => b.exp(a!), [1, Math.E]],
  ['log', [row(1, Math.E)], (b, a) => b.log(a!), [0, 1]],
  ['sqrt', [x], (b, a) => b.sqrt(a!), [0.5, 1, 2]],
  ['reciprocal', [x], (b, a) => b.reciprocal(a!), [4, 1, 0.25]],
  ['sigmoid', [row(0, Math.log(3))], (b, a) => b.sigmoid(a!), [0.5, 0.75]],
  ['tanh', [row(0, Math.log(3))], (b, a) => b.tanh(a!), [0, 0.8]],
  ['erf', [row(0, 1)], (b, a) => b.erf(a!), [0, 0.8427007929]],
  ['silu', [row(0, Math.log(3))], (b, a) => b.silu(a!), [0, 0.75 * Math.log(3)]],
  // Values of the normal distribution function at 0, 1 and -1.
  ['gelu', [row(0, 1, -1)], (b, a) => b.gelu(a!, 'none'), [0, 0.8413447461, -0.1586552539]],
  // 1.5e-4 from the exact value at 1: the test tells the two forms apart.
  ['gelu by tanh', [row(0, 1, 2)], (b, a) => b.gelu(a!, 'tanh'), [0, 0.8411919906, 1.9545976941]],
  ['pow 2', [row(-3, 2)], (b, a) => b.pow(a!, 2), [9, 4]],
  ['pow -1.5', [x], (b, a) => b.pow(a!, -1.5), [8, 1, 0.125]],
  ['add', [row(1, 2), row(10)], (b, a, c) => b.add(a!, c!), [11, 12]],
  [
    'add int64',
    [int64([2], [1, 2]), int64([1], [2 ** 40])],
    (b, a, c) => b.add(a!, c!),
    [2 ** 40 + 1, 2 ** 40 + 2],
  ],
  ['add uint32 wraps', [uint32(4294967295), uint32(2)], (b, a, c) => b.add(a!, c!), [1]],
  ['sub', [row(1, 2), row(10)], (b, a, c) => b.sub(a!, c!), [-9, -8]],
  ['mul', [row(1, 2), row(10)], (b, a, c) => b.mul(a!, c!), [10, 20]],
  [
    'mul uint32 wraps',
    [uint32(2654435761), uint32(40503)],
    (b, a, c) => b.mul(a!, c!),
    [Math.imul(2654435761, 40503) >>> 0],
  ],
  ['mul int64', [int64([1], [-3]), int64([1], [2 ** 40])], (b, a, c) => b.mul(a!, c!), [-3 * 2 ** 40]],
  ['div', [row(1, 2), row(4)], (b, a, c) => b.div(a!, c!), [0.25, 0.5]],
  ['less', [row(1, 2, 3), row(2)], (b, a, c) => b.less(a!, c!), [1, 0, 0]],
  ['less int64', [int64([2], [1, 3]), int64([1], [2])], (b, a, c) => b.less(a!, c!), [1, 0]],
  ['less uint32', [uint32(1, 4294967295), uint32(2)], (b, a, c) => b.less(a!, c!), [1, 0]],
  ['where', [bool(1, 0), row(5), row(7, 8)], (b, c, p, q) => b.where(c!, p!, q!), [5, 8]],
  [
    'bitXor',
    [uint32(0xffff0000, 5), uint32(0xf0f0f0f0)],
    (b, a, c) => b.bitXor(a!, c!),
    [0x0f0ff0f0, 0xf0f0f0f5],
  ],
  ['shiftRight', [uint32(0xffffffff, 8)], (b, a) => b.shiftRight(a!, 3), [0x1fffffff, 1]],
  ['shiftRight by 0', [uint32(0xffffffff)], (b, a) => b.shiftRight(a!, 0), [0xffffffff]],
  ['uint32 to float32', [uint32(4294967295, 3)], (b, a) => b.cast(a!, 'float32'), [4294967296, 3]],
  ['int64 to uint32', [int64([2], [7, 2 ** 32 + 1])], (b, a) => b.cast(a!, 'uint32'), [7, 1]],
  ['int64 to float32', [int64([1], [-7])], (b, a) => b.cast(a!, 'float32'), [-7]],
  ['bool to float32', [bool(1, 0)], (b, a) => b.cast(a!, 'float32'), [1, 0]],
  ['bool to uint32', [bool(1, 0)], (b, a) => b.cast(a!, 'uint32'), [1, 0]],
  ['float32 to bool', [row(0.5, 0)], (b, a) => b.cast(a!, 'bool'), [1, 0]],
  ['uint32 to int64', [uint32(4294967295)], (b, a) => b.cast(a!, 'int64'), [4294967295]],
  ['float32 to int64', [row(2.75, -2.75)], (b, a) => b.cast(a!, 'int64'), [2, -2]],
];

test.each(cases)('%s', async (_name, inputs, make, expected) => {
  const { data } = await runOrt(inputs, make);
  expect(data).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(Number(data[i]) - value)).toBeLessThanOrEqual(2e-7 * Math.abs(value));
  });
});
