/** @file The gradient of attention sums over d columns, not S, and stays the same. */
import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { shortenRowSums } from '../../../src/graph/passes/shorten-row-sums.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';

const numbers = (size: number, phase: number) =>
  Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + phase));

/** softmax(q k^T) v with its gradients; `alpha` scales the second product. */
function attentionGradients(alpha: number): Graph {
  const b = new GraphBuilder();
  const [q, k, v] = ['q', 'k', 'v'].map((name) => b.input(name, 'float32', ['B', 'S', 2]));
  const seed = b.input('seed', 'float32', ['B', 'S', 2]);
  const weights = b.softmax(b.matmul(q!, k!, { transposeB: true }));
  const mixed = b.matmul(weights, v!, { alpha });
  const gradients = appendGradients(b, [{ value: mixed, gradient: seed }], [q!, k!, v!]);
  for (const [i, gradient] of gradients.entries()) b.output(`d${i}`, gradient);
  return b.build();
}

const feeds = Object.fromEntries(
  ['q', 'k', 'v', 'seed'].map((name, i) => [name, float32([2, 5, 2], numbers(20, i))]),
);

const rowSums = (graph: Graph) =>
  graph.nodes.flatMap((node) => (node.op === 'reduceSum' ? [node.inputs[0]!.shape.at(-1)] : []));

describe('row sums of the gradient of attention', () => {
  test('go over the columns of the output, with the same result', () => {
    const graph = attentionGradients(1);
    const shorter = verifyGraph(shortenRowSums(graph));
    expect(rowSums(graph)).toEqual(['S']);
    expect(rowSums(shorter)).toEqual([2]);
    const [expected, found] = [interpret(graph, feeds), interpret(shorter, feeds)];
    for (const [name, { data }] of Object.entries(expected)) {
      for (const [i, value] of [...(data as Float64Array)].entries()) {
        expect(Number(found[name]!.data[i])).toBeCloseTo(value, 12);
      }
    }
  });

  test('stay where a factor stands in between', () => {
    const graph = attentionGradients(0.5);
    expect(shortenRowSums(graph)).toBe(graph);
  });
});
