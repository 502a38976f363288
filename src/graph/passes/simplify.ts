/** @file Algebraic identities that hold for every number a graph computes, up to the sign of zero. */
import type { Graph } from '../graph.ts';
import { rewrite } from './rewrite.ts';
import { simplifyArithmetic } from './simplify-arithmetic.ts';
import { simplifyMovement } from './simplify-movement.ts';

export function simplify(graph: Graph): Graph {
  return rewrite(
    graph,
    (node, context) => simplifyArithmetic(node, context) ?? simplifyMovement(node, context),
  );
}
