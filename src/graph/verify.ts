/** @file The grammar of legal graphs. Run between stages: a graph that passes can be lowered and executed. */
import { invariant } from '../base/errors.ts';
import { formatShape, sameShape, symbolsOf } from './dim.ts';
import type { Graph } from './graph.ts';
import { inferType } from './shape-rules.ts';

/**
 * Throws an internal error unless names are unique, every node reads only values made before it, every inferred type is
 * the recorded one, and every symbol of a size is an axis of its own of some input (so that run time can know it).
 */
export function verifyGraph(graph: Graph): Graph {
  const defined = new Set<string>();
  const bound = new Set<string>();
  for (const input of graph.inputs) {
    invariant(!defined.has(input.name), `two values named "${input.name}"`);
    defined.add(input.name);
    for (const dim of input.shape) if (typeof dim === 'string' && symbolsOf(dim)[0] === dim) bound.add(dim);
  }
  for (const node of graph.nodes) {
    const { op, inputs, attributes, output } = node;
    for (const input of inputs) {
      invariant(defined.has(input.name), `${output.name} reads ${input.name} before it is made`);
    }
    const inferred = inferType(op, inputs, attributes);
    invariant(
      inferred.dtype === output.dtype && sameShape(inferred.shape, output.shape),
      `${output.name} is recorded as ${output.dtype}${formatShape(output.shape)} ` +
        `but is ${inferred.dtype}${formatShape(inferred.shape)}`,
    );
    invariant(!defined.has(output.name), `two values named "${output.name}"`);
    defined.add(output.name);
    for (const symbol of output.shape.flatMap(symbolsOf)) {
      invariant(bound.has(symbol), `size "${symbol}" of ${output.name} is no axis of any input`);
    }
  }
  const outputNames = new Set<string>();
  for (const { name, value } of graph.outputs) {
    invariant(defined.has(value.name), `output ${name} is ${value.name}, which nothing makes`);
    invariant(!outputNames.has(name), `two outputs named "${name}"`);
    outputNames.add(name);
  }
  return graph;
}
