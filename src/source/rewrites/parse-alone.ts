/** @file One function that stands without its file, parsed inside whatever lets it parse. Only what parses without an error counts. */
import { LANGUAGES, type Language, type LanguageRow } from '../languages.ts';
import type { FlatNode } from '../syntax.ts';
import { withSyntaxTree } from '../syntax-tree.ts';

export interface LoneFunction {
  readonly code: string;
  readonly language: Language;
  /** Nodes of the function alone, with offsets into `code`; the parent of an outermost one is -1. */
  readonly nodes: readonly FlatNode[];
  /** What stood around it, an index into the language's wrappers. */
  readonly wrapper: number;
}

/**
 * Undefined where a stretch of the function does not parse under any wrapper, or where nothing in it is a function.
 * @param wrapper the only one to try
 */
export function parseAlone(code: string, language: Language, wrapper?: number): LoneFunction | undefined {
  const row: LanguageRow = LANGUAGES[language];
  for (const [index, [before, after]] of row.wrappers.entries()) {
    if (wrapper !== undefined && index !== wrapper) continue;
    const read = withSyntaxTree(before + code + after, language, (tree) => {
      const nodes = tree.flat();
      const isBroken = nodes.some(({ kind }) => kind === 'ERROR' || kind === 'MISSING');
      return isBroken ? 'does not parse' : nodes;
    });
    if (typeof read === 'string') continue;
    const nodes = within(read, before.length, before.length + code.length);
    const latest = code.length - code.trimStart().length;
    const isFunction = (node: FlatNode) => node.start <= latest && row.functions.includes(node.kind);
    if (nodes.some(isFunction)) return { code, language, nodes, wrapper: index };
  }
  return undefined;
}

function within(nodes: readonly FlatNode[], start: number, end: number): FlatNode[] {
  const places = new Map<number, number>();
  const kept: FlatNode[] = [];
  for (const [index, node] of nodes.entries()) {
    if (node.start < start || node.end > end) continue;
    places.set(index, kept.length);
    const parent = places.get(node.parent) ?? -1;
    kept.push({ ...node, start: node.start - start, end: node.end - start, parent });
  }
  return kept;
}
