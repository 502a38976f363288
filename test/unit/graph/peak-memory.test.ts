/** @file The memory of a graph's values, counted by hand. */
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { peakValueBytes, valueBytes } from '../../../src/graph/peak-memory.ts';

const N = 10;
const sizes = new Map([['N', N]]);

test('two products of one input are there together, a third takes the place of none', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 4]);
  const wide = b.input('wide', 'float32', [4, 8]);
  const left = b.matmul(x, wide); // [N, 8]
  const right = b.matmul(x, wide);
  b.output('y', b.matmul(left, right, { transposeB: true })); // [N, N]
  // Both operands, and what is made of them.
  expect(peakValueBytes(b.build(), sizes)).toBe(4 * (2 * N * 8 + N * N));
});

test('a chain of elementwise operators takes one value, another shape of it none', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 4]);
  b.output('y', b.neg(b.reshape(b.exp(b.neg(x)), [4, 'N'])));
  expect(peakValueBytes(b.build(), sizes)).toBe(4 * N * 4);
});

test('a value that is read later stays, one that is an output stays to the end', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 4]);
  const held = b.exp(x);
  const sum = b.reduceSum(held, [0, 1]);
  b.output('held', held);
  b.output('sum', sum);
  expect(peakValueBytes(b.build(), sizes)).toBe(4 * N * 4 + 4);
});

test('reading a matrix out of 4-bit codes takes the matrix and its codes as integers', () => {
  const b = new GraphBuilder();
  const codes = b.input('codes', 'uint8', [32]);
  const factors = b.input('factors', 'float32', [1]);
  const values = Array.from({ length: 16 }, (_, i) => i);
  const matrix = b.dequantizeBlocks(codes, factors, { values, blockSize: 64, shape: [8, 8] });
  b.output('matrix', matrix);
  expect(valueBytes(matrix, sizes)).toBe(256);
  expect(peakValueBytes(b.build(), sizes)).toBe(256 + 4 * 32);
});
