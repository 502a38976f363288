/** @file A graph as an ONNX model that stands alone: what are inputs to the graph becomes stored weights, or is computed. */
import type { Graph } from '../graph/graph.ts';
import { int64 } from '../tensor/host-tensor.ts';
import { DATA_TYPE } from './data-type.ts';
import { lowerToModel } from './lowering.ts';
import type { OnnxInitializer, OnnxModel, OnnxNode, StoredInitializer } from './writer.ts';

export interface StandaloneOptions {
  /** Under the names of the graph's inputs that they take the place of. */
  readonly weights: readonly StoredInitializer[];
  /** An input [S] that becomes 0, 1, ... for the S of an axis of another input. */
  readonly range: { readonly name: string; readonly of: string; readonly axis: number };
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StandaloneModel {
  readonly model: OnnxModel;
  readonly weights: readonly StoredInitializer[];
}

export function standaloneModel(
  graph: Graph,
  { weights, range, metadata }: StandaloneOptions,
): StandaloneModel {
  const lowered = lowerToModel(graph);
  const replaced = new Set([range.name, ...weights.map(({ name }) => name)]);
  const halves = weights.filter(({ dtype }) => dtype === 'float16');
  const counting = rangeNodes(range);
  return {
    model: {
      ...lowered,
      nodes: [...counting.nodes, ...halves.map(({ name }) => widened(name)), ...lowered.nodes],
      initializers: [...counting.initializers, ...lowered.initializers],
      inputs: lowered.inputs.filter(({ name }) => !replaced.has(name)),
      metadata,
    },
    weights: weights.map((weight) =>
      weight.dtype === 'float16' ? { ...weight, name: halfName(weight.name) } : weight,
    ),
  };
}

const halfName = (name: string) => `${name}/float16`;

/** Runtimes compute it once, when they load the model. */
function widened(name: string): OnnxNode {
  return node('Cast', name, [halfName(name)], { to: DATA_TYPE.float32 });
}

function rangeNodes({ name, of, axis }: StandaloneOptions['range']): {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
} {
  const scalar = (part: string, value: number) => ({
    name: `${name}/${part}`,
    tensor: int64([], [value]),
  });
  return {
    initializers: [scalar('axis', axis), scalar('start', 0), scalar('step', 1)],
    nodes: [
      node('Shape', `${name}/shape`, [of]),
      node('Gather', `${name}/end`, [`${name}/shape`, `${name}/axis`], { axis: 0 }),
      node('Range', name, [`${name}/start`, `${name}/end`, `${name}/step`]),
    ],
  };
}

function node(
  opType: string,
  output: string,
  inputs: readonly string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode {
  return { name: output, opType, domain: '', inputs, outputs: [output], attributes };
}
