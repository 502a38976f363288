/**
 * @file The reference interpreter: runs a graph node by node in float64, one clear kernel an operator. What every other
 * backend and every gradient is checked against; far too slow for training.
 */
import { invariant } from '../../base/errors.ts';
import { formatShape } from '../../graph/dim.ts';
import type { Graph, Node, Value } from '../../graph/graph.ts';
import type { GraphDType, OpName } from '../../graph/ops.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import type { Backend, Tensors } from '../backend.ts';
import { bindSizes } from '../bind-sizes.ts';
import { elementwiseKernels } from './elementwise.ts';
import { indexingKernels } from './indexing.ts';
import type { Kernel, Kernels, Sizes } from './kernel.ts';
import { normalisationKernels } from './normalisation.ts';
import { productKernels } from './products.ts';
import { quantizedKernels } from './quantized.ts';
import { reductionKernels } from './reductions.ts';
import { rotaryKernels } from './rotary.ts';
import { asFloat64, evaluateShape, shapeKernels } from './shape.ts';

const kernels: Kernels<OpName> = {
  ...elementwiseKernels,
  ...productKernels,
  ...quantizedKernels,
  ...reductionKernels,
  ...shapeKernels,
  ...indexingKernels,
  ...normalisationKernels,
  ...rotaryKernels,
};

/**
 * A backend whose `float32` outputs are float64 tensors; `float32` inputs take float32 or float64 feeds.
 */
export function referenceBackend(): Backend {
  return {
    name: 'reference',
    device: 'cpu',
    compile: async (graph) => ({
      graph,
      run: async (feeds) => interpret(graph, feeds),
      rest: async () => {},
      release: async () => {},
    }),
  };
}

/** One run of a graph, without a backend and its promises. Throws as `Executable.run`. */
export function interpret(graph: Graph, feeds: Tensors): Record<string, HostTensor> {
  const sizes = bindSizes(graph, feeds, { acceptFloat64: true });
  const values = new Map<string, HostTensor>();
  for (const { name } of graph.inputs) values.set(name, asFloat64(feeds[name]!));
  for (const node of graph.nodes) values.set(node.output.name, evaluate(node, values, sizes));
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, values.get(value.name)!]));
}

function evaluate<K extends OpName>(
  node: Node,
  values: ReadonlyMap<string, HostTensor>,
  sizes: Sizes,
): HostTensor {
  const operands = node.inputs.map((input) => values.get(input.name)!);
  // The row of `node.op`: TypeScript can't follow the union of nodes into the table.
  const kernel = kernels[node.op] as unknown as Kernel<K>;
  const result = kernel(operands, node.attributes as never, sizes);
  requireInferred(node.output, node.op, result, sizes);
  return result;
}

/** How the interpreter holds each element type. */
const HELD_AS: { readonly [K in GraphDType]: DType } = {
  float32: 'float64',
  int64: 'int64',
  uint32: 'uint32',
  int8: 'int8',
  uint8: 'uint8',
  bool: 'bool',
};

/** Shape inference promised the result's type and shape: a difference is a bug in one of the two. */
function requireInferred(value: Value, op: OpName, result: HostTensor, sizes: Sizes): void {
  const expected = evaluateShape(value.shape, sizes);
  invariant(
    result.dtype === HELD_AS[value.dtype] && formatShape(result.shape) === formatShape(expected),
    `${value.name} (${op}) is ${result.dtype}${formatShape(result.shape)}, ` +
      `inferred was ${value.dtype}${formatShape(value.shape)} = ${formatShape(expected)}`,
  );
}
