/**
 * @file The only file that knows the parser, `web-tree-sitter` (tree-sitter's grammars as WebAssembly).
 * docs/decisions/parsers.md says why this one. Bounds what a parse may cost; knows nothing of functions.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Language as Grammar, type Node, Parser, Query, type Tree } from 'web-tree-sitter';
import { LANGUAGES, type Language } from './languages.ts';
import type { FlatNode, SyntaxNode, SyntaxTree } from './syntax.ts';

/** Longer sources are not parsed: their trees take some fifty times their size. */
export const MAX_SOURCE_CHARACTERS = 5_000_000;
/** Recovery from brackets that are never closed takes time with the square of their number. */
export const MAX_OPEN_BRACKETS = 2_000;
/** The last resort, for sources whose single steps take ever longer; code people wrote is far below it. */
const MAX_PARSE_MS = 30_000;
/** A source with more NUL characters is none. */
const MAX_NULLS = 100;

// The parser's own code, not yet a grammar: some milliseconds. Synchronous from here on, so that whoever asks for
// functions need not wait for anything.
await Parser.init();

/**
 * Calls `use` with the source's tree, which lives no longer than that. What does not parse becomes `ERROR` nodes.
 * A string instead of the result, `use`'s own too: why this source is not read at all.
 */
export function withSyntaxTree<T extends object>(
  source: string,
  language: Language,
  use: (tree: SyntaxTree) => T | string,
): T | string {
  const refusal = reasonAgainst(source);
  if (refusal !== undefined) return refusal;
  const { parser, grammar } = loadLanguage(language);
  // Counted in steps, not in seconds, so that a busy machine gives the same functions.
  let steps = 0;
  const mostSteps = 20_000 + source.length / 4;
  const deadline = performance.now() + MAX_PARSE_MS;
  const tree = parser.parse(source, null, {
    progressCallback: () => ++steps > mostSteps || performance.now() > deadline,
  });
  if (tree === null) {
    parser.reset();
    return 'too ambiguous to parse within bounds';
  }
  try {
    const root = tree.rootNode;
    return use({
      find: (kinds) =>
        queryFor(language, grammar, kinds)
          .captures(root)
          .map(({ node }) => wrapNode(node, source)),
      flat: () => flattened(tree),
    });
  } finally {
    tree.delete();
  }
}

/** Recovery from errors costs the square of what is left open: sources that are mostly that are not parsed. */
function reasonAgainst(source: string): string | undefined {
  if (source.length > MAX_SOURCE_CHARACTERS) return `longer than ${MAX_SOURCE_CHARACTERS} characters`;
  let [open, deepest, nulls, marks, mostMarks] = [0, 0, 0, 0, 0];
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at);
    // ( [ { and ) ] }
    if (code === 40 || code === 91 || code === 123) deepest = Math.max(deepest, ++open);
    else if ((code === 41 || code === 93 || code === 125) && open > 0) open--;
    else if (code === 0) nulls++;
    // Letters, digits, underscores, white space and line ends: anything but a mark.
    const isMark =
      (code > 32 && code < 48) || (code > 57 && code < 65) || (code > 90 && code < 97 && code !== 95);
    marks = isMark || (code > 122 && code < 127) ? marks + 1 : 0;
    if (marks > mostMarks) mostMarks = marks;
  }
  if (nulls > MAX_NULLS) return 'binary';
  if (deepest > MAX_OPEN_BRACKETS) return `more than ${MAX_OPEN_BRACKETS} brackets open at once`;
  return mostMarks > 2 * MAX_OPEN_BRACKETS ? 'a run of punctuation as long as no code has' : undefined;
}

interface LoadedLanguage {
  readonly grammar: Grammar;
  readonly parser: Parser;
}

// Node's declarations have the namespace's types, not its values.
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: { Module: new (bytes: Uint8Array) => WebAssembly.Module };
};
const loaded = new Map<string, LoadedLanguage>();
const queries = new Map<string, Query>();
const packages = createRequire(import.meta.url);

function loadLanguage(language: Language): LoadedLanguage {
  const file = LANGUAGES[language].grammar;
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const grammar = Grammar.loadSync(new wasm.Module(readFileSync(packages.resolve(file))));
  const parser = new Parser();
  parser.setLanguage(grammar);
  const entry = { grammar, parser };
  loaded.set(file, entry);
  return entry;
}

function queryFor(language: Language, grammar: Grammar, kinds: readonly string[]): Query {
  const key = `${language} ${kinds.join(' ')}`;
  let query = queries.get(key);
  if (query === undefined) {
    query = new Query(grammar, `[${kinds.map((kind) => `(${kind})`).join(' ')}] @node`);
    queries.set(key, query);
  }
  return query;
}

function wrapNode(node: Node, source: string): SyntaxNode {
  const optional = (other: Node | null) => (other === null ? undefined : wrapNode(other, source));
  return {
    kind: node.isMissing ? 'MISSING' : node.type,
    range: () => ({
      start: node.startIndex,
      end: node.endIndex,
      startLine: node.startPosition.row + 1,
      endLine: node.endPosition.row + 1,
    }),
    text: () => source.slice(node.startIndex, node.endIndex),
    parent: () => optional(node.parent),
    field: (name) => optional(node.childForFieldName(name)),
    previous: () => optional(node.previousNamedSibling),
    children: () => node.namedChildren.map((child) => wrapNode(child, source)),
    hasToken: (text) =>
      node.children.some(
        (child) => !child.isNamed && source.slice(child.startIndex, child.endIndex) === text,
      ),
  };
}

function flattened(tree: Tree): FlatNode[] {
  const nodes: { -readonly [Key in keyof FlatNode]: FlatNode[Key] }[] = [];
  const cursor = tree.walk();
  const path: number[] = [];
  try {
    for (;;) {
      const parent = path.at(-1) ?? -1;
      if (parent >= 0) nodes[parent]!.isLeaf = false;
      nodes.push({
        kind: cursor.nodeIsMissing ? 'MISSING' : cursor.nodeType,
        field: cursor.currentFieldName ?? undefined,
        start: cursor.startIndex,
        end: cursor.endIndex,
        parent,
        isNamed: cursor.nodeIsNamed,
        isLeaf: true,
      });
      if (cursor.gotoFirstChild()) {
        path.push(nodes.length - 1);
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return nodes;
        path.pop();
      }
    }
  } finally {
    cursor.delete();
  }
}
