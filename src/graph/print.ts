/** @file A graph as text, one node a line: for reading, for tests, and for comparing before and after a change. */
import { formatShape } from './dim.ts';
import type { Graph, Node, Value } from './graph.ts';

const typed = (value: Value) => `${value.name}: ${value.dtype}${formatShape(value.shape)}`;

function formatAttributes(node: Node): string {
  if (node.op === 'constant') {
    const { data } = node.attributes.value;
    return ` {${data.length <= 4 ? [...data].join(', ') : `${data.length} values`}}`;
  }
  const entries = Object.entries(node.attributes).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  return ` {${entries.map(([key, value]) => `${key}: ${Array.isArray(value) ? formatShape(value) : String(value)}`).join(', ')}}`;
}

export function printGraph(graph: Graph): string {
  const lines = [
    ...graph.inputs.map((input) => `input ${typed(input)}`),
    ...graph.nodes.map(
      (node) =>
        `${typed(node.output)} = ${node.op}(${node.inputs.map((input) => input.name).join(', ')})${formatAttributes(node)}`,
    ),
    ...graph.outputs.map(({ name, value }) => `output ${name} = ${value.name}`),
  ];
  return `${lines.join('\n')}\n`;
}
