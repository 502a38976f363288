/**
 * @file Trees so deep that reading functions out of them would take the square of their size: a node's parents cost the
 * time of its depth. Knows neither languages nor the parser.
 */
import type { SyntaxNode, SyntaxRange } from './syntax.ts';

/** Code that people wrote is far above this. */
const USUAL_DEPTH = 200;
/** Functions times their depth below the usual one: some seconds. */
const MOST_DEEP_WORK = 1_000_000;
/** A few functions stand for all, and are not followed further up than this. */
const SAMPLES = 8;
const DEEPEST_SAMPLE = 1_000;
/** All functions' text together, those in others counted again, as a multiple of the source. */
const MOST_OVERLAP = 20;
/** Small sources may have more. */
const FREE_CHARACTERS = 2_000_000;

/** `nodes`: those that names are asked of, in the order of the source. */
export function reasonAgainstNesting(nodes: readonly SyntaxNode[]): string | undefined {
  const step = Math.max(1, nodes.length / SAMPLES);
  let [sum, count] = [0, 0];
  for (let at = 0; at < nodes.length; at += step) {
    sum += Math.max(0, depthOf(nodes[Math.floor(at)]!) - USUAL_DEPTH);
    count++;
  }
  return (sum / Math.max(1, count)) * nodes.length > MOST_DEEP_WORK
    ? 'nested deeper than functions can be read from'
    : undefined;
}

function depthOf(node: SyntaxNode): number {
  let depth = 0;
  for (let at = node.parent(); at !== undefined && depth < DEEPEST_SAMPLE; at = at.parent()) depth++;
  return depth;
}

export function reasonAgainstOverlap(
  functions: readonly { readonly whole: SyntaxRange }[],
  sourceCharacters: number,
): string | undefined {
  let characters = 0;
  for (const { whole } of functions) characters += whole.end - whole.start;
  return characters > MOST_OVERLAP * sourceCharacters + FREE_CHARACTERS
    ? 'functions inside one another hold its text too many times over'
    : undefined;
}
