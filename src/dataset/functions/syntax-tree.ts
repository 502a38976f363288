/**
 * @file The only file that knows the parser, `@ast-grep/napi` (tree-sitter's grammars, native code).
 * docs/decisions/function-parser.md says why this one.
 */
import { parse, type SgNode } from '@ast-grep/napi';
import { LANGUAGES, type Language } from './languages.ts';
import type { SyntaxNode, SyntaxRange, SyntaxTree } from './syntax.ts';

/** Parses; never fails: what does not parse becomes `ERROR` nodes. */
export function parseTree(source: string, language: Language): SyntaxTree {
  const root = parse(LANGUAGES[language].grammar, source).root();
  return {
    find: (kinds) =>
      root.findAll({ rule: { any: kinds.map((kind) => ({ kind })) } }).map((node) => wrapNode(node)),
  };
}

function wrapNode(node: SgNode): SyntaxNode {
  return {
    kind: String(node.kind()),
    range: () => rangeOf(node),
    text: () => node.text(),
    parent: () => wrapOptional(node.parent()),
    field: (name) => wrapOptional(node.field(name)),
    hasToken: (text) => node.children().some((child) => !child.isNamed() && child.text() === text),
  };
}

function wrapOptional(node: SgNode | null): SyntaxNode | undefined {
  return node === null ? undefined : wrapNode(node);
}

function rangeOf(node: SgNode): SyntaxRange {
  const { start, end } = node.range();
  return { start: start.index, end: end.index, startLine: start.line + 1, endLine: end.line + 1 };
}
