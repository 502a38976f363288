/** @file What is taken out of one changed file: its functions before and after, tied, with what tells equal ones. */

import type { FunctionContext } from './function-context.ts';

/** A function as a record will hold it, with what selection needs to know. */
export interface FunctionCandidate {
  readonly code: string;
  readonly language: string;
  readonly path: string;
  readonly name?: string;
  readonly qualifiedName: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Words and signs of the normalised text. */
  readonly tokens: number;
  /** 128 bits of the normalised text, hexadecimal. */
  readonly body: string;
  /** MinHash sketch, base64. */
  readonly sketch: string;
  /** What stands in front of it in its record; what tells equal functions is of the function alone. */
  readonly context?: FunctionContext;
}

export interface FunctionChange {
  readonly before: FunctionCandidate;
  readonly after: FunctionCandidate;
}

export interface FileAnalysis {
  /** Functions that the fix changed, and not only in looks. */
  readonly changed: readonly FunctionChange[];
  /** Functions that the fix took away. */
  readonly deleted: readonly FunctionCandidate[];
  /** As they stand after the fix. */
  readonly unchanged: readonly FunctionCandidate[];
  readonly added: number;
  /** Pairs of functions that give no label, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Why the file was not taken apart at all. */
  readonly refused?: string;
}
