/**
 * @file How a pass changes a graph: node by node in order, each left as it is, replaced by a value made before, or by
 * another node with the same output. Names of values that stay are kept; the old graph is untouched.
 */
import { invariant } from '../../base/errors.ts';
import { sameShape } from '../dim.ts';
import type { Graph, Node, NodeOf, Value } from '../graph.ts';
import type { OpName } from '../ops.ts';

export interface RewriteContext {
  /** The node that makes a value, as rewritten so far; undefined for an input of the graph. */
  readonly producerOf: (value: Value) => Node | undefined;
  /** How many operands and outputs of the graph, as it was, read a value. */
  readonly useCount: (value: Value) => number;
}

/** A node's operands are rewritten already. Undefined leaves it. */
export type RewriteRule = (node: Node, context: RewriteContext) => Value | Node | undefined;

/** Rules for some operators. */
export type OperatorRules = {
  readonly [K in OpName]?: (node: NodeOf<K>, context: RewriteContext) => Value | Node | undefined;
};

export function byOperator(rules: OperatorRules): RewriteRule {
  // The node's own row of the table: TypeScript can't relate the two unions.
  return (node, context) => (rules[node.op] as RewriteRule | undefined)?.(node, context);
}

/** Returns the graph itself when no rule applied. */
export function rewrite(graph: Graph, rule: RewriteRule): Graph {
  const replacements = new Map<string, Value>();
  const producers = new Map<string, Node>();
  const uses = countUses(graph);
  const current = (value: Value) => replacements.get(value.name) ?? value;
  const context: RewriteContext = {
    producerOf: (value) => producers.get(value.name),
    useCount: (value) => uses.get(value.name) ?? 0,
  };
  let changed = false;
  for (const original of graph.nodes) {
    const node = withOperands(original, original.inputs.map(current));
    const result = rule(node, context) ?? node;
    changed ||= result !== original;
    if ('op' in result) {
      producers.set(result.output.name, result);
    } else {
      requireSameType(node, result);
      replacements.set(node.output.name, result);
    }
  }
  if (!changed) return graph;
  return {
    inputs: graph.inputs,
    nodes: [...producers.values()],
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: current(value) })),
  };
}

/** Another operator for the value that `node` makes. */
export function replaceNode<K extends OpName>(
  node: Node,
  op: K,
  inputs: readonly Value[],
  attributes: NodeOf<K>['attributes'],
): Node {
  // The row of `op` in the union of nodes: TypeScript can't follow a generic key into it.
  return { op, inputs, attributes, output: node.output } as unknown as Node;
}

function withOperands(node: Node, inputs: readonly Value[]): Node {
  return inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs };
}

function requireSameType({ op, output }: Node, value: Value): void {
  invariant(
    value.dtype === output.dtype && sameShape(value.shape, output.shape),
    `${output.name} (${op}) can't be replaced by ${value.name}, which has another type`,
  );
}

function countUses(graph: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const read = [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ value }) => value)];
  for (const { name } of read) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}
