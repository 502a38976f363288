/** @file A function as it was found in a source text: its names, place and text. A shape only. */
import type { FunctionKind } from './syntax.ts';

export interface ExtractedFunction {
  /** Undefined for an anonymous function. */
  readonly name: string | undefined;
  /** Named enclosing functions, owners and the name: `attach.onOpen`, `Server.prototype.listen`; `<anonymous>` last. */
  readonly qualifiedName: string;
  readonly kind: FunctionKind;
  /** 1-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** UTF-16 offsets into the source. */
  readonly start: number;
  readonly end: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly code: string;
  /** As written, without the parentheses. */
  readonly parameters: string;
  /** Types without names where the language has types, `(int, String[])`: tells overloads of one name apart. */
  readonly signature: string;
  /** Index, in the same list, of the function directly around this one. */
  readonly parent: number | undefined;
  /** False when a stretch of it does not parse. */
  readonly parses: boolean;
}
