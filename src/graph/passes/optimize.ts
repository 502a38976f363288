/** @file Which passes run, in which order: all of them until none changes anything. */
import { invariant } from '../../base/errors.ts';
import type { Graph } from '../graph.ts';
import { verifyGraph } from '../verify.ts';
import { eliminateCommonSubexpressions } from './common-subexpressions.ts';
import { eliminateDeadCode } from './dead-code.ts';
import { foldConstants } from './fold-constants.ts';
import { fuseGemm } from './fuse-gemm.ts';
import { joinPaddedPieces } from './join-padded-pieces.ts';
import { shortenRowSums } from './shorten-row-sums.ts';
import { simplify } from './simplify.ts';

export type Pass = (graph: Graph) => Graph;

/** Returns the graph itself when nothing is to be done. */
const PASSES: readonly Pass[] = [
  eliminateDeadCode,
  foldConstants,
  simplify,
  eliminateCommonSubexpressions,
  shortenRowSums,
  joinPaddedPieces,
  // The passes before may leave a product with one reader only, never with more.
  fuseGemm,
  eliminateDeadCode,
];

/** Far more than any graph needs: two passes that undo each other would never end. */
const MOST_ROUNDS = 50;

/**
 * A graph with the same inputs and outputs that computes the same with less. Verified after every pass that changed it.
 * Throws an internal error when a pass breaks the graph.
 */
export function optimize(graph: Graph): Graph {
  let current = verifyGraph(graph);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = current;
    for (const pass of PASSES) {
      const next = pass(current);
      if (next !== current) current = verifyGraph(next);
    }
    if (current === before) return current;
  }
  invariant(false, `passes still change the graph after ${MOST_ROUNDS} rounds`);
}
