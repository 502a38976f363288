/**
 * @file How much memory the values of a graph take at most at one time, when its nodes run in order and each value is let go of behind
 * the last node that reads it. What a runtime needs within a node is known here only where it is large: matrices out of their codes.
 */
import { evaluateDim } from './dim.ts';
import type { Graph, Node, Value } from './graph.ts';
import type { GraphDType, OpName } from './ops.ts';

const ELEMENT_BYTES: { readonly [K in GraphDType]: number } = {
  float32: 4,
  int64: 8,
  uint32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Values of the symbols in sizes. */
export type Sizes = ReadonlyMap<string, number>;

export function valueBytes({ dtype, shape }: Value, sizes: Sizes): number {
  return shape.reduce<number>((bytes, dim) => bytes * evaluateDim(dim, sizes), ELEMENT_BYTES[dtype]);
}

/** These give their operand's memory another shape. */
const VIEWS: ReadonlySet<OpName> = new Set(['reshape', 'stopGradient']);

/** These may write over an operand that nobody reads any more. */
const IN_PLACE: ReadonlySet<OpName> = new Set([
  'neg',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'sigmoid',
  'tanh',
  'erf',
  'silu',
  'gelu',
  'pow',
  'add',
  'sub',
  'mul',
  'div',
  'where',
  'softmax',
]);

/** Bytes of the graph's values at their peak, its outputs among them; inputs are the caller's, constants are not counted. */
export function peakValueBytes({ nodes, outputs, inputs }: Graph, sizes: Sizes): number {
  const roots = new Map<string, string>(inputs.map(({ name }) => [name, name]));
  const lastUse = new Map<string, number>();
  for (const [place, { op, inputs: read, output }] of nodes.entries()) {
    roots.set(output.name, VIEWS.has(op) ? roots.get(read[0]!.name)! : output.name);
    for (const { name } of read) lastUse.set(roots.get(name)!, place);
  }
  for (const { value } of outputs) lastUse.set(roots.get(value.name)!, nodes.length);
  const live = new Map<string, number>();
  let [now, peak] = [0, 0];
  for (const [place, node] of nodes.entries()) {
    const { op, inputs: read, output } = node;
    const dying = [...new Set(read.map(({ name }) => roots.get(name)!))].filter(
      (root) => live.has(root) && lastUse.get(root) === place,
    );
    if (op !== 'constant' && !VIEWS.has(op)) {
      const bytes = valueBytes(output, sizes);
      const isReused = IN_PLACE.has(op) && dying.some((root) => live.get(root) === bytes);
      live.set(output.name, bytes);
      now += bytes;
      peak = Math.max(peak, now + withinNode(node, sizes) - (isReused ? bytes : 0));
      if (!lastUse.has(output.name)) lastUse.set(output.name, place);
      if (lastUse.get(output.name) === place) dying.push(output.name);
    }
    for (const root of dying) {
      now -= live.get(root)!;
      live.delete(root);
    }
  }
  return peak;
}

/** How onnx/lower-quantized.ts computes: codes as 32-bit integers beside the pairs of numbers; codes in the other order. */
function withinNode(node: Node, sizes: Sizes): number {
  if (node.op === 'dequantizeBlocks') return 4 * valueBytes(node.inputs[0]!, sizes);
  if (node.op === 'int8Matmul') {
    const [x, codes] = node.inputs as readonly [Value, Value];
    return valueBytes(codes, sizes) + valueBytes(x, sizes) + valueBytes(node.output, sizes);
  }
  return 0;
}
