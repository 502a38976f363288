/**
 * @file Drops inputs that nothing reads. Not part of `optimize`: who feeds a graph counts on its inputs, so the caller
 * says when they may go.
 */
import { symbolsOf } from '../dim.ts';
import type { Graph } from '../graph.ts';

/** Inputs that alone give a symbolic size its value stay, so that the graph can still be run. */
export function dropUnusedInputs(graph: Graph): Graph {
  const read = new Set([
    ...graph.nodes.flatMap((node) => node.inputs.map(({ name }) => name)),
    ...graph.outputs.map(({ value }) => value.name),
  ]);
  const symbolsRead = new Set(
    [
      ...graph.nodes.map(({ output }) => output),
      ...graph.inputs.filter(({ name }) => read.has(name)),
    ].flatMap(({ shape }) => shape.flatMap(symbolsOf)),
  );
  const ownAxes = (shape: readonly (string | number)[]) =>
    shape.filter((dim) => typeof dim === 'string' && symbolsRead.has(dim));
  const bound = new Set(
    graph.inputs.filter(({ name }) => read.has(name)).flatMap(({ shape }) => ownAxes(shape)),
  );
  const inputs = graph.inputs.filter(({ name, shape }) => {
    if (read.has(name)) return true;
    const binds = ownAxes(shape).filter((dim) => !bound.has(dim));
    for (const dim of binds) bound.add(dim);
    return binds.length > 0;
  });
  return inputs.length === graph.inputs.length ? graph : { ...graph, inputs };
}
