/**
 * @file What the rest of this folder needs of a syntax tree. syntax-tree.ts fills it from the parser; no other file
 * knows which parser that is.
 */

/** Offsets are UTF-16 code units; lines are 1-based. */
export interface SyntaxRange {
  readonly start: number;
  readonly end: number;
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
  /** Whether a child token has exactly this text: `get`, `static` ... */
  hasToken(text: string): boolean;
}

export interface SyntaxTree {
  /** All nodes of these kinds, in the order of the source, outer before inner. Unparsable stretches: kind `ERROR`. */
  find(kinds: readonly string[]): SyntaxNode[];
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

export type NamingRule = (node: SyntaxNode) => Binding;
