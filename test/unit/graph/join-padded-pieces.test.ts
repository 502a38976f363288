/** @file Gradients of values that are read in slices: one concatenation in place of padded pieces that are added up. */
import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Dim } from '../../../src/graph/dim.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { joinPaddedPieces } from '../../../src/graph/passes/join-padded-pieces.ts';
import { optimize } from '../../../src/graph/passes/optimize.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';

/** The gradient of x [4*C, 2], of which slices along the first axis are squared, each times its own number. */
function gradientOfSlices(slices: readonly (readonly [Dim, Dim])[]): Graph {
  const b = new GraphBuilder();
  // Says what C is.
  b.input('c', 'float32', ['C']);
  const x = b.input('x', 'float32', ['4*C', 2]);
  const pieces = slices.map(([start, end], i) => {
    const slice = b.slice(x, 0, start, end);
    return b.reduceSum(b.mul(b.mul(slice, slice), b.scalar(i + 1)), [0, 1], false);
  });
  const total = pieces.reduce((sum, piece) => b.add(sum, piece));
  b.output('dx', appendGradients(b, [{ value: total, gradient: b.scalar(1) }], [x])[0]!);
  return b.build();
}

const feeds = {
  c: float32([2], [0, 0]),
  x: float32(
    [8, 2],
    Array.from({ length: 16 }, (_, i) => Math.sin(i * 1.7)),
  ),
};
const count = (graph: Graph, op: string) => graph.nodes.filter((node) => node.op === op).length;

describe('the gradient of a value that is read in slices', () => {
  test.each([
    {
      what: 'in order',
      slices: [
        [0, 'C'],
        ['C', '2*C'],
        ['2*C', '4*C'],
      ] as const,
    },
    {
      what: 'in the other order',
      slices: [
        ['2*C', '4*C'],
        ['C', '2*C'],
        [0, 'C'],
      ] as const,
    },
  ])('is their concatenation where they tile it, $what', ({ slices }) => {
    const graph = gradientOfSlices(slices);
    const optimized = optimize(graph);
    expect(count(graph, 'pad')).toBe(3);
    expect([count(optimized, 'pad'), count(optimized, 'concat')]).toEqual([0, 1]);
    expect(interpret(optimized, feeds)).toEqual(interpret(graph, feeds));
  });

  test('keeps what lies around the pieces', () => {
    const graph = gradientOfSlices([
      ['C', '2*C'],
      ['2*C', '3*C'],
    ]);
    const joined = verifyGraph(optimize(graph));
    expect([count(joined, 'pad'), count(joined, 'concat')]).toEqual([1, 1]);
    expect(interpret(joined, feeds)).toEqual(interpret(graph, feeds));
  });

  test.each([
    {
      what: 'overlap',
      slices: [
        [0, '2*C'],
        ['C', '3*C'],
      ] as const,
    },
    {
      what: 'leave a gap',
      slices: [
        [0, 'C'],
        ['2*C', '3*C'],
      ] as const,
    },
  ])('is a sum where they $what', ({ slices }) => {
    const graph = gradientOfSlices(slices);
    expect(joinPaddedPieces(graph)).toBe(graph);
  });
});
