/** @file A graph of the IR as an ONNX model. The one way from the IR to the format; nothing else knows both. */
import type { Graph, Node } from '../graph/graph.ts';
import type { OpName } from '../graph/ops.ts';
import { OnnxEmitter } from './emitter.ts';
import { elementwiseRules } from './lower-elementwise.ts';
import { indexingRules } from './lower-indexing.ts';
import { normalisationRules } from './lower-normalisation.ts';
import { productRules } from './lower-products.ts';
import { quantizedRules } from './lower-quantized.ts';
import { shapeRules } from './lower-shape.ts';
import type { LoweredNames, LoweringRule, LoweringRules } from './lowering-rule.ts';
import { lowerProductOfCodes, productsOfCodes } from './products-of-codes.ts';
import { encodeModel, type OnnxModel } from './writer.ts';

const loweringRules: LoweringRules<OpName> = {
  ...elementwiseRules,
  ...productRules,
  ...quantizedRules,
  ...shapeRules,
  ...indexingRules,
  ...normalisationRules,
};

const OPSETS = { '': 21, 'com.microsoft': 1 } as const;

/**
 * The ONNX model (protobuf bytes) that computes `graph`: {@link lowerToModel}.
 * @throws VultuneError `GRAPH_TOO_LARGE` when the constants take 2 GB or more.
 */
export const lowerGraph = (graph: Graph): Uint8Array => encodeModel(lowerToModel(graph));

/**
 * The ONNX model that computes `graph`, a verified graph. Its inputs have the graph's names and order; its outputs the graph's
 * order, and its names unless an input is named so too.
 */
export function lowerToModel(graph: Graph): OnnxModel {
  const emitter = new OnnxEmitter(graph.inputs);
  const names = new Map(graph.inputs.map((input) => [input.name, input.name]));
  const outputs = nameOutputs(graph, emitter, names);
  for (const node of graph.nodes) {
    const { name } = node.output;
    if (!names.has(name)) names.set(name, emitter.reserve(name));
  }
  const ofCodes = productsOfCodes(graph);
  const neverReadOut = new Set<Node>(ofCodes.values());
  for (const node of graph.nodes) {
    if (neverReadOut.has(node)) continue;
    emitter.scope(node.output.name);
    const matrix = ofCodes.get(node);
    if (matrix === undefined) lowerNode(emitter, namesOf(node, names), node);
    else lowerProductOfCodes(emitter, namesOf(node, names), namesOf(matrix, names).inputs, matrix);
  }
  for (const { name, value } of outputs) {
    const source = names.get(value.name)!;
    if (source !== name) emitter.node('Identity', [source], { output: name });
  }
  return {
    nodes: emitter.nodes,
    initializers: emitter.initializers,
    inputs: graph.inputs,
    outputs: outputs.map(({ name, value: { dtype, shape } }) => ({ name, dtype, shape })),
    opsets: OPSETS,
  };
}

/**
 * Names of the ONNX outputs. A node's result is called after the output it is, which saves a copy; an input, a constant
 * or a second output of one value gets an Identity node.
 */
function nameOutputs(graph: Graph, emitter: OnnxEmitter, names: Map<string, string>): Graph['outputs'] {
  const direct = new Set(
    graph.nodes.filter((node) => node.op !== 'constant').map((node) => node.output.name),
  );
  return graph.outputs.map(({ name: wanted, value }) => {
    const name = emitter.reserve(wanted);
    if (direct.delete(value.name)) names.set(value.name, name);
    return { name, value };
  });
}

function namesOf(node: Node, names: ReadonlyMap<string, string>): LoweredNames {
  return {
    inputs: node.inputs.map((input) => names.get(input.name)!),
    output: names.get(node.output.name)!,
  };
}

function lowerNode<K extends OpName>(emitter: OnnxEmitter, names: LoweredNames, node: Node): void {
  // The row of `node.op`: TypeScript can't follow the union of nodes into the table.
  const rule = loweringRules[node.op] as unknown as LoweringRule<K>;
  rule(emitter, names, node as never);
}
