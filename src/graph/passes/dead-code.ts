/** @file Dead-code elimination: nodes that no output depends on go. Inputs stay, read or not. */
import type { Graph } from '../graph.ts';

export function eliminateDeadCode(graph: Graph): Graph {
  const live = new Set(graph.outputs.map(({ value }) => value.name));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      if (!live.has(node.output.name)) return false;
      for (const input of node.inputs) live.add(input.name);
      return true;
    })
    .toReversed();
  return nodes.length === graph.nodes.length ? graph : { ...graph, nodes };
}
