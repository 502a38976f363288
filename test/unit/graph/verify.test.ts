/** @file Every kind of broken graph is refused, with a message that names what is wrong. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Graph, Node, Value } from '../../../src/graph/graph.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';

/** h = matmul(x, w), y = tanh(h). */
function legalGraph(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 3]);
  const w = b.input('w', 'float32', [3, 2]);
  b.output('y', b.tanh(b.matmul(x, w)));
  return b.build();
}

const [product, tanh] = legalGraph().nodes as [Node, Node];
const renamed = (value: Value, name: string): Value => ({ ...value, name });

const broken: Readonly<Record<string, readonly [change: (graph: Graph) => Graph, message: RegExp]>> = {
  'two inputs of one name': [
    (graph) => ({ ...graph, inputs: [...graph.inputs, graph.inputs[0]!] }),
    /two values named "x"/,
  ],
  'a node that makes an input': [
    (graph) => ({
      ...graph,
      nodes: [{ ...product, output: renamed(product.output, 'x') } as Node],
      outputs: [],
    }),
    /two values named "x"/,
  ],
  'two nodes that make one value': [
    (graph) => ({ ...graph, nodes: [product, product, tanh] }),
    /two values named "matmul_0"/,
  ],
  'a node before what it reads': [
    (graph) => ({ ...graph, nodes: [tanh, product] }),
    /tanh_1 reads matmul_0 before it is made/,
  ],
  'a missing input': [
    (graph) => ({ ...graph, inputs: graph.inputs.slice(1) }),
    /matmul_0 reads x before it is made/,
  ],
  'a shape that is not the inferred one': [
    (graph) => ({
      ...graph,
      nodes: [product, { ...tanh, output: { ...tanh.output, shape: ['N', 3] } } as Node],
    }),
    /tanh_1 is recorded as float32\[N, 3\], but it is float32\[N, 2\]/,
  ],
  'an element type that is not the inferred one': [
    (graph) => ({
      ...graph,
      nodes: [product, { ...tanh, output: { ...tanh.output, dtype: 'int64' } } as Node],
    }),
    /tanh_1 is recorded as int64\[N, 2\], but it is float32\[N, 2\]/,
  ],
  'operands that do not fit': [
    (graph) => ({
      ...graph,
      nodes: [{ ...product, inputs: product.inputs.toReversed() } as Node, tanh],
    }),
    /matmul\(w float32\[3, 2\], x float32\[N, 3\]\): .*inner sizes 2 and N differ/,
  ],
  'too few operands': [
    (graph) => ({ ...graph, nodes: [{ ...product, inputs: product.inputs.slice(1) } as Node, tanh] }),
    /expected 2 operands, found 1/,
  ],
  'an output nothing makes': [
    (graph) => ({ ...graph, outputs: [{ name: 'y', value: renamed(tanh.output, 'z') }] }),
    /output y reads z before it is made/,
  ],
  'two outputs of one name': [
    (graph) => ({ ...graph, outputs: [...graph.outputs, ...graph.outputs] }),
    /two outputs named "y"/,
  ],
};

test('a legal graph is returned as it is', () => {
  const graph = legalGraph();
  expect(verifyGraph(graph)).toBe(graph);
});

test.each(Object.entries(broken))('%s', (_name, [change, message]) => {
  expect(() => verifyGraph(change(legalGraph()))).toThrow(message);
});

describe('symbols of sizes', () => {
  test('a symbol that is an axis of no input is refused', () => {
    const b = new GraphBuilder();
    b.output('y', b.expand(b.input('x', 'float32', [1]), ['N']));
    expect(() => verifyGraph(b.build())).toThrow(/size "N" of expand_0 is no axis of any input/);
  });

  test('within a product it gives no value', () => {
    const b = new GraphBuilder();
    b.output('y', b.reshape(b.input('x', 'float32', ['B*S', 2]), ['B', 'S', 2]));
    expect(() => verifyGraph(b.build())).toThrow(/size "B" of x is no axis of any input/);
  });

  test('any input may give it', () => {
    const b = new GraphBuilder();
    b.output('y', b.reshape(b.input('x', 'float32', ['B*S', 2]), ['B', 'S', 2]));
    b.input('mask', 'float32', ['B', 'S']);
    expect(() => verifyGraph(b.build())).not.toThrow();
  });
});
