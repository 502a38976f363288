/**
 * @file What the rest of this folder needs of a syntax tree. syntax-tree.ts fills it from the parser; no other file
 * knows which parser that is.
 */

/** Offsets are UTF-16 code units; lines are 1-based. */
export interface SyntaxRange extends LineRange {
  readonly start: number;
  readonly end: number;
}

export interface LineRange {
  readonly startLine: number;
  readonly endLine: number;
}

export interface SyntaxNode {
  readonly kind: string;
  range(): SyntaxRange;
  text(): string;
  parent(): SyntaxNode | undefined;
  /** The first child in a field of the grammar (`name`, `body` ...). */
  field(name: string): SyntaxNode | undefined;
  /** The one before it under the same parent, tokens left out. */
  previous(): SyntaxNode | undefined;
  /** Children that are more than a token, comments included. */
  children(): SyntaxNode[];
  /** Whether a child token has exactly this text: `get`, `static` ... */
  hasToken(text: string): boolean;
}

export interface SyntaxTree {
  /** All nodes of these kinds, in the order of the source, outer before inner. Unparsable stretches: kind `ERROR`; tokens that the parser put in: `MISSING`. */
  find(kinds: readonly string[]): SyntaxNode[];
  /** Every node with its place in the tree, tokens included: outer before inner, in the order of the source. */
  flat(): FlatNode[];
}

/** A node without the parser behind it, so that it outlives the tree. */
export interface FlatNode {
  /** `ERROR` for an unparsable stretch, `MISSING` for a token that the parser put in; a token's kind is its text. */
  readonly kind: string;
  /** The field of the parent that it is in; undefined outside of fields. */
  readonly field: string | undefined;
  /** UTF-16 offsets into the source. */
  readonly start: number;
  readonly end: number;
  /** Index in the same list; -1 for the root. */
  readonly parent: number;
  /** False for tokens such as `(` or `while`. */
  readonly isNamed: boolean;
  readonly isLeaf: boolean;
}

export type FunctionKind = 'function' | 'arrow' | 'method' | 'constructor' | 'getter' | 'setter';

/** How a function got its name. */
export interface Binding {
  /** The shortest name a reader would use; undefined for an anonymous function. */
  readonly name: string | undefined;
  /** The name with its owners, as written: `Server.prototype.listen`, `win32.parse`, `Unpack.[CHECKFS]`. */
  readonly path: string | undefined;
  readonly kind: FunctionKind;
}

/** What a class, a namespace, an `impl` adds to the names of what it holds. */
export interface Scope {
  readonly name: string;
  /** A class or the like: functions directly in it are methods. */
  readonly isType?: boolean;
  /** Holds what follows it, up to the end of the file or the next of its kind: `package a.b;`. */
  readonly isOpen?: boolean;
}

/**
 * `owner` is the scope that the function stands in directly. Undefined: not a function of its own (a lambda that is
 * an argument); it stays part of the one around it.
 */
export type NamingRule = (node: SyntaxNode, owner: Scope | undefined) => Binding | undefined;
