/** @file Reverse-mode differentiation from graph to graph: appends the nodes that compute gradients. */
import { invariant } from '../base/errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Node, Value } from '../graph/graph.ts';
import type { OpName } from '../graph/ops.ts';
import type { VjpContext, VjpRule } from './vjp-rule.ts';
import { vjpRules } from './vjp-rules.ts';

export interface GradientSeed {
  readonly value: Value;
  /** Gradient of the objective with respect to `value`, of its shape. */
  readonly gradient: Value;
}

/**
 * Appends to the builder the gradients of `sum over seeds of <seed.gradient, seed.value>` with respect to each value of
 * `wrt`, in that order; zeros for a value the seeds do not depend on. What depends on them only through whole numbers
 * or truth values (a comparison, a mask) is piecewise constant: no gradient comes from there.
 * Throws an internal error when the way leads through an operator that is not differentiable.
 */
export function appendGradients(
  builder: GraphBuilder,
  seeds: readonly GradientSeed[],
  wrt: readonly Value[],
): Value[] {
  const forward = [...builder.nodes];
  const needed = dependents(forward, wrt);
  const gradients = new Map<string, Value>();
  const accumulate = (value: Value, gradient: Value) => {
    const sofar = gradients.get(value.name);
    gradients.set(value.name, sofar === undefined ? gradient : builder.add(sofar, gradient));
  };
  for (const seed of seeds) accumulate(seed.value, seed.gradient);
  for (const node of forward.toReversed()) {
    const g = gradients.get(node.output.name);
    if (g === undefined || !needed.has(node.output.name)) continue;
    applyRule(builder, node, g, needed).forEach((gradient, i) => {
      const input = node.inputs[i]!;
      if (gradient !== undefined && needed.has(input.name)) accumulate(input, gradient);
    });
  }
  return wrt.map((value) => gradients.get(value.name) ?? builder.expand(builder.scalar(0), value.shape));
}

/** Names of the floating-point values that depend on any of `wrt` through such values, those included. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): Set<string> {
  const names = new Set(wrt.map((value) => value.name));
  for (const { inputs, output } of nodes) {
    if (output.dtype === 'float32' && inputs.some((input) => names.has(input.name))) names.add(output.name);
  }
  return names;
}

function applyRule(
  builder: GraphBuilder,
  node: Node,
  g: Value,
  needed: ReadonlySet<string>,
): readonly (Value | undefined)[] {
  const rule = vjpRules[node.op];
  invariant(
    typeof rule === 'function',
    `${node.output.name} (${node.op}) is in the way of a gradient but is not differentiable: ` +
      `${'notDifferentiable' in rule ? rule.notDifferentiable : ''}`,
  );
  // The node's own row of the table: TypeScript can't relate the two unions.
  const context = { builder, node, g, wants: (i: number) => needed.has(node.inputs[i]!.name) };
  return (rule as VjpRule<OpName>)(context as VjpContext<OpName>);
}
