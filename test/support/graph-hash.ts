/**
 * @file A hash for each of the graphs of one program: operators, attributes, shapes, names of inputs and outputs, and what
 * reads what, in the order of operands. The names that nodes happen to get do not count, nor does the order of independent
 * nodes: a value that one graph keeps for the next is known by how it was computed.
 */
import { createHash } from 'node:crypto';
import type { Graph, Node, Value } from '../../src/graph/graph.ts';

export function graphHashes(graphs: readonly Graph[]): readonly string[] {
  const kept = new Map<string, string>();
  return graphs.map((graph) => graphHash(graph, kept));
}

/** Adds the graph's own values to `kept`. */
function graphHash(graph: Graph, kept: Map<string, string>): string {
  const hashes = new Map<string, string>();
  for (const { name, dtype, shape } of graph.inputs) {
    hashes.set(name, kept.get(name) ?? digest(['input', name, dtype, shape]));
  }
  for (const node of graph.nodes) hashes.set(node.output.name, nodeHash(node, hashes));
  const outputs = graph.outputs.map(({ name, value }) => {
    const hash = hashes.get(value.name)!;
    if (name === value.name) kept.set(name, hash);
    return name === value.name ? hash : `${name}=${hash}`;
  });
  const inputs = graph.inputs.map(({ name }) => hashes.get(name)!);
  return digest([inputs.sort(), outputs.sort(), graph.nodes.length]);
}

function nodeHash({ op, attributes, inputs, output }: Node, hashes: ReadonlyMap<string, string>): string {
  const operands = inputs.map((input: Value) => hashes.get(input.name)!);
  return digest([op, attributes, operands, output.dtype, output.shape]);
}

function digest(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    ArrayBuffer.isView(part)
      ? [...(part as unknown as Iterable<number | bigint>)].map((one) =>
          typeof one === 'bigint' ? `${one}` : one,
        )
      : part,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
