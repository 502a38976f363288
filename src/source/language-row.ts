/**
 * @file What a language is to the extractor: grammar, node kinds and the few rules that need code. Knows no language;
 * languages/ has one file for each.
 */
import type { Binding, FunctionKind, NamingRule, Scope, SyntaxNode } from './syntax.ts';

export interface LanguageRow {
  /** The grammar as packages name the file: `@vscode/tree-sitter-wasm/wasm/tree-sitter-java.wasm`. */
  readonly grammar: string;
  /** What records say in `language`. */
  readonly recordLanguage: string;
  readonly extensions: readonly string[];
  /** Nodes that are a function when they have a body. */
  readonly functions: readonly string[];
  /**
   * Those of `functions` that are closures: without a name they are functions of their own where no other function is
   * around them (a handler that is registered at the top level), and part of the function around them elsewhere.
   */
  readonly closures: readonly string[];
  /** Whether a node of one of these kinds is a closure where it stands. */
  readonly isClosure: (node: SyntaxNode) => boolean;
  /** Nodes that a closure is named after when it is their argument or value: calls, entries of a table. */
  readonly takers: readonly string[];
  /** Nodes that make a file do something where they stand outside functions: calls, `echo`, shell commands. */
  readonly acts: readonly string[];
  /** Nodes that only keep what an act in them gives: assignments, fields, decorators. */
  readonly keepers: readonly string[];
  /** Nodes whose name stands before those of the functions in them. */
  readonly scopes: readonly string[];
  readonly comments: readonly string[];
  /** String literals in interchangeable quotes. */
  readonly quoted: readonly string[];
  /** Other text in which white space counts. */
  readonly verbatim: readonly string[];
  /** Blocks that only white space marks: normalised text gets braces for them. */
  readonly indented: readonly string[];
  /** Macros stand where types do: errors before a body are theirs, and the function parses for all that. */
  readonly hasMacros: boolean;
  /** What can stand around a single function so that it parses alone, tried in order: [before, after]. */
  readonly wrappers: readonly (readonly [string, string])[];
  /** Between a scope and what is in it: `.`, `::`. */
  readonly separator: string;
  readonly naming: NamingRule;
  readonly scope: (node: SyntaxNode) => Scope | undefined;
  /** The node that is the whole function, when that is not its own: with decorators, with template parameters. */
  readonly whole: (node: SyntaxNode) => SyntaxNode;
  readonly body: (node: SyntaxNode) => SyntaxNode | undefined;
  /** Its parameter lists: more than one in Scala. */
  readonly parameters: (node: SyntaxNode) => readonly SyntaxNode[];
  /** A parameter without its name and default; undefined for a node that is not a parameter (a comment). */
  readonly parameterType: (parameter: SyntaxNode) => string | undefined;
  /** What else tells overloads apart: `const` after the parameters. */
  readonly qualifiers: (node: SyntaxNode) => string;
}

/** What most grammars have in common. */
export const COMMON: Omit<
  LanguageRow,
  'grammar' | 'recordLanguage' | 'extensions' | 'functions' | 'naming' | 'wrappers'
> = {
  closures: [],
  isClosure: () => true,
  takers: [],
  acts: [],
  keepers: [],
  scopes: [],
  comments: ['comment'],
  quoted: [],
  verbatim: [],
  indented: [],
  hasMacros: false,
  separator: '.',
  scope: () => undefined,
  whole: (node) => node,
  body: (node) => node.field('body'),
  parameters: (node) => listOf(node.field('parameters') ?? node.field('parameter')),
  parameterType: (parameter) =>
    isComment(parameter)
      ? undefined
      : (parameter.field('type')?.text().replace(/^:\s*/, '') ?? typeAfterColon(parameter.text())),
  qualifiers: () => '',
};

export function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

export function isComment(node: SyntaxNode): boolean {
  return node.kind.endsWith('comment');
}

/** `name: Type = value` → `Type`; without a type the name, without its default. */
export function typeAfterColon(text: string): string {
  const declared = text.replace(/\s+/g, ' ').replace(/ ?=(?![=>]).*$/, '');
  const colon = /^[^:(<[]*:(?!:) ?(.+)$/.exec(declared);
  return colon?.[1] ?? declared;
}

/** The name in a node's `name` field, as a method or constructor of the scope it stands in. */
export function namedIn(
  node: SyntaxNode,
  owner: Scope | undefined,
  constructorName?: string,
  prefix = '',
): Binding {
  const name = node.field('name')?.text().replace(/\s+/g, ' ');
  return {
    name,
    path: name === undefined ? undefined : prefix + name,
    kind: kindIn(name, owner, constructorName),
  };
}

export function kindIn(
  name: string | undefined,
  owner: Scope | undefined,
  constructorName?: string,
): FunctionKind {
  if (owner?.isType !== true) return 'function';
  return name !== undefined && name === constructorName ? 'constructor' : 'method';
}

/** The scope that a node's `name` field makes. */
export function namedScope(node: SyntaxNode, isType = true): Scope | undefined {
  const name = node.field('name')?.text().replace(/\s+/g, '');
  return name === undefined ? undefined : { name, isType };
}

export function childOfKind(node: SyntaxNode, ...kinds: readonly string[]): SyntaxNode | undefined {
  return node.children().find((child) => kinds.includes(child.kind));
}

/** How far up names are looked for: a parent costs the time of its depth. */
export const MOST_STEPS = 16;

/**
 * A lambda's name is that of the variable, field or assignment it is the value of. `holders`: the parent's kind → the
 * field that names it; `transparent`: nodes that only pass a value through.
 */
export function boundLambda(
  node: SyntaxNode,
  holders: Readonly<Record<string, string>>,
  transparent: readonly string[] = ['parenthesized_expression', 'cast_expression'],
): Binding | undefined {
  let parent = node.parent();
  for (let step = 0; step < MOST_STEPS && transparent.includes(parent?.kind ?? ''); step++) {
    parent = parent?.parent();
  }
  const field = parent === undefined ? undefined : holders[parent.kind];
  return field === undefined ? undefined : lambdaNamed(parent?.field(field)?.text());
}

export function lambdaNamed(target: string | undefined): Binding | undefined {
  const path = target?.replace(/\s+/g, '');
  // A list, a pattern, a call: no name.
  if (path === undefined || path.length > 200 || !/^[\w$@.:>\\-]+$/.test(path)) return undefined;
  return { name: /[\w$]+$/.exec(path)?.[0] ?? path, path, kind: 'arrow' };
}
