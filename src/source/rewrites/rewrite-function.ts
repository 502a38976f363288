/**
 * @file One function → the same function written differently: it does what it did. What cannot be shown to keep its meaning is left
 * as it is; what was written is parsed again and compared.
 */
import type { Language } from '../languages.ts';
import { rewriteComments } from './comments.ts';
import { addDeadCode } from './dead-code.ts';
import { type LoneFunction, parseAlone } from './parse-alone.ts';
import { rename } from './rename.ts';
import { reorder } from './reorder.ts';
import { type Draw, REWRITE_KINDS, type RewriteKind } from './rewrite-kinds.ts';
import { REWRITE_ROWS } from './rows.ts';

/** `parse`: a stretch of it does not parse alone. `mixed`: text that is not of the language alone (a preprocessor's lines, a heredoc). `length`: too long. `nothing`: nothing to change. */
export type UnchangedReason = 'parse' | 'mixed' | 'length' | 'nothing';

export type RewrittenFunction =
  | { readonly code: string; readonly kinds: readonly RewriteKind[] }
  | { readonly code: undefined; readonly reason: UnchangedReason };

const MAX_CHARACTERS = 100_000;

const REWRITES: Readonly<Record<RewriteKind, (lone: LoneFunction, draw: Draw) => LoneFunction | undefined>> =
  {
    rename,
    comments: rewriteComments,
    dead_code: addDeadCode,
    reorder,
  };

/** The rewrites go one after the other, in an order of their own; the same draws give the same text. */
export function rewriteFunction(
  code: string,
  language: Language,
  kinds: readonly RewriteKind[],
  draw: Draw,
): RewrittenFunction {
  if (code.length > MAX_CHARACTERS) return { code: undefined, reason: 'length' };
  if (REWRITE_ROWS[language].refused?.test(code) === true) return { code: undefined, reason: 'mixed' };
  let lone = parseAlone(code, language);
  if (lone === undefined) return { code: undefined, reason: 'parse' };
  const applied: RewriteKind[] = [];
  for (const kind of REWRITE_KINDS) {
    if (!kinds.includes(kind)) continue;
    const made: LoneFunction | undefined = REWRITES[kind](lone, draw);
    if (made === undefined) continue;
    lone = made;
    applied.push(kind);
  }
  return applied.length === 0 ? { code: undefined, reason: 'nothing' } : { code: lone.code, kinds: applied };
}
