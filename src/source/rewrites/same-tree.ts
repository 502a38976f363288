/** @file Whether a rewritten function has the syntax tree that it had, but for what the rewrite was to change. */
import type { FlatNode } from '../syntax.ts';
import type { LoneFunction } from './parse-alone.ts';

interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface AllowedChanges {
  /** Ranges of the text before that are gone. */
  readonly removed?: readonly TextRange[];
  /** Ranges of the text after that are new. */
  readonly inserted?: readonly TextRange[];
  /** `START NAME` of an occurrence in the text before → its name after. */
  readonly renamed?: ReadonlyMap<string, string>;
}

export function isSameTree(
  before: LoneFunction,
  after: LoneFunction,
  { removed = [], inserted = [], renamed = new Map() }: AllowedChanges,
): boolean {
  const old = shape(before, removed, renamed);
  const made = shape(after, inserted, new Map());
  return old.length === made.length && old.every((entry, i) => entry === made[i]);
}

/** The same nodes in any order: for statements that change places. */
export function hasSameNodes(before: LoneFunction, after: LoneFunction): boolean {
  const old = shape(before, [], new Map()).sort();
  const made = shape(after, [], new Map()).sort();
  return old.length === made.length && old.every((entry, i) => entry === made[i]);
}

/** A line for each node: its depth, field and kind, and a token's text. */
function shape(
  { code, nodes }: LoneFunction,
  without: readonly TextRange[],
  renamed: ReadonlyMap<string, string>,
): string[] {
  const depths: number[] = [];
  const lines: string[] = [];
  for (const [index, node] of nodes.entries()) {
    const depth = node.parent < 0 ? 0 : depths[node.parent]! + 1;
    depths[index] = depth;
    const text = node.isLeaf ? code.slice(node.start, node.end) : '';
    // Line ends are tokens in some grammars, and belong to what stands beside them.
    if (node.isLeaf && text.trim() === '') continue;
    if (without.some((range) => isWithin(node, range))) continue;
    lines.push(`${depth} ${node.field ?? ''} ${node.kind} ${wordOf(node, text, renamed)}`);
  }
  return lines;
}

const isWithin = (node: FlatNode, { start, end }: TextRange) => node.start >= start && node.end <= end;

function wordOf(node: FlatNode, text: string, renamed: ReadonlyMap<string, string>): string {
  // What is left alone on purpose (a field of the same name) is told apart by whoever renames.
  return node.isNamed ? (renamed.get(`${node.start} ${text}`) ?? text) : text;
}
