/** @file The grammar of legal graphs. Run between stages: a graph that passes can be lowered and executed. */
import { invariant } from '../base/errors.ts';
import { formatShape, sameShape, symbolsOf } from './dim.ts';
import type { Graph, Value } from './graph.ts';
import { inferType, type TensorType } from './shape-rules.ts';

/**
 * Throws an internal error unless names are unique, every node reads only values made before it, every inferred type is
 * the recorded one, and every symbol of a size is an axis of its own of some input (so that run time can know it).
 */
export function verifyGraph(graph: Graph): Graph {
  const defined = new Map<string, Value>();
  const bound = new Set<string>();
  const define = (value: Value) => {
    invariant(!defined.has(value.name), `two values named "${value.name}"`);
    defined.set(value.name, value);
  };
  const requireDefined = (value: Value, reader: string) => {
    const found = defined.get(value.name);
    invariant(found !== undefined, `${reader} reads ${value.name} before it is made`);
    requireSame(value, found, `${reader} reads ${value.name}`);
  };
  const requireBound = (value: Value) => {
    for (const symbol of value.shape.flatMap(symbolsOf)) {
      invariant(bound.has(symbol), `size "${symbol}" of ${value.name} is no axis of any input`);
    }
  };
  for (const input of graph.inputs) {
    define(input);
    for (const dim of input.shape) if (typeof dim === 'string' && symbolsOf(dim)[0] === dim) bound.add(dim);
  }
  for (const input of graph.inputs) requireBound(input);
  for (const { op, inputs, attributes, output } of graph.nodes) {
    for (const input of inputs) requireDefined(input, output.name);
    requireSame(output, inferType(op, inputs, attributes), `${output.name} is recorded`);
    define(output);
    requireBound(output);
  }
  const outputNames = new Set<string>();
  for (const { name, value } of graph.outputs) {
    requireDefined(value, `output ${name}`);
    invariant(!outputNames.has(name), `two outputs named "${name}"`);
    outputNames.add(name);
  }
  return graph;
}

function requireSame(recorded: TensorType, actual: TensorType, what: string): void {
  invariant(
    recorded.dtype === actual.dtype && sameShape(recorded.shape, actual.shape),
    `${what} as ${recorded.dtype}${formatShape(recorded.shape)}, ` +
      `but it is ${actual.dtype}${formatShape(actual.shape)}`,
  );
}
