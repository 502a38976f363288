/**
 * @file Cuts a graph that holds a forward pass and its gradients into two graphs, run one after the other. What the
 * second needs of the first is either kept (an output of the first, an input of the second) or computed again.
 */

import type { Graph, GraphOutput, Node, Value } from '../graph/graph.ts';
import { dropUnusedInputs } from '../graph/passes/drop-unused-inputs.ts';

/** Which values of the forward pass are kept for the backward pass; what is not kept is computed again from what is. */
export type KeepPolicy = (node: Node) => boolean;

export interface ForwardBackward {
  readonly forward: Graph;
  readonly backward: Graph;
  /** Names of the kept values: outputs of `forward`, inputs of `backward`. */
  readonly kept: readonly string[];
}

/**
 * `joint.outputs` named in `backwardOutputs` go to the backward graph, all others to the forward graph; each graph has
 * only the inputs and nodes that it needs. A value that the keep policy takes is kept only if the backward pass uses it.
 */
export function splitForwardBackward(
  joint: Graph,
  backwardOutputs: ReadonlySet<string>,
  keep: KeepPolicy,
): ForwardBackward {
  const forwardOutputs = joint.outputs.filter(({ name }) => !backwardOutputs.has(name));
  const gradientOutputs = joint.outputs.filter(({ name }) => backwardOutputs.has(name));
  const producers = new Map(joint.nodes.map((node) => [node.output.name, node]));
  const forwardNames = reach(
    forwardOutputs.map(({ value }) => value),
    producers,
    () => false,
  );
  const kept = new Map<string, Value>();
  const backwardNames = reach(
    gradientOutputs.map(({ value }) => value),
    producers,
    (node) => {
      const stop = forwardNames.has(node.output.name) && keep(node);
      if (stop) kept.set(node.output.name, node.output);
      return stop;
    },
  );
  const keptOutputs: GraphOutput[] = [...kept.values()].map((value) => ({ name: value.name, value }));
  const forward: Graph = {
    inputs: joint.inputs,
    nodes: joint.nodes.filter(({ output }) => forwardNames.has(output.name)),
    outputs: [...forwardOutputs, ...keptOutputs],
  };
  const backward: Graph = {
    inputs: [...joint.inputs, ...kept.values()],
    nodes: joint.nodes.filter(({ output }) => backwardNames.has(output.name) && !kept.has(output.name)),
    outputs: gradientOutputs,
  };
  // An input that no node reads may still give a size its value: dropUnusedInputs knows.
  return { forward: dropUnusedInputs(forward), backward: dropUnusedInputs(backward), kept: [...kept.keys()] };
}

/** Names of all values the given ones depend on, themselves included, not looking past nodes where `stopAt` holds. */
function reach(
  values: readonly Value[],
  producers: ReadonlyMap<string, Node>,
  stopAt: (node: Node) => boolean,
): Set<string> {
  const seen = new Set<string>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (seen.has(value.name)) continue;
    seen.add(value.name);
    const node = producers.get(value.name);
    if (node !== undefined && !stopAt(node)) open.push(...node.inputs);
  }
  return seen;
}
