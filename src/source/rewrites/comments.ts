/** @file Comments put in and taken out: what readers see and no compiler does. */
import { LANGUAGES, type LanguageRow } from '../languages.ts';
import { type Edit, withEdits } from './edits.ts';
import { type LoneFunction, parseAlone } from './parse-alone.ts';
import type { Draw } from './rewrite-kinds.ts';
import { REWRITE_ROWS } from './rows.ts';
import { isSameTree } from './same-tree.ts';
import { lineEndOf, statementsOf } from './statements.ts';

/** Words that say nothing about what is right or wrong. */
const TEXTS = [
  'next step',
  'the main part',
  'go on from here',
  'as described above',
  'the same as before',
  'work on the current one',
  'then the rest',
  'keep the order',
] as const;
/** Comments that something besides readers reads: directives, documentation that a program can ask for. */
const READ_BY_PROGRAMS =
  /^\/\*\*|^\/\/[/!]|^#!|@|^(?:\/\/|#|\/\*)\s*(?:go:|export\b|eslint|ts-|type:|noqa|pragma|\+build|frozen_string|rubocop|coding)/;
/** The share of the comments that are taken out. */
const REMOVED_SHARE = 0.5;
/** The share of the statements that get a comment above them. */
const COMMENTED_SHARE = 0.15;

/** Undefined where no comment was drawn to be added or removed, or the result has another tree. */
export function rewriteComments(lone: LoneFunction, draw: Draw): LoneFunction | undefined {
  const { code, language, wrapper } = lone;
  const removals = removedComments(lone, draw);
  const row = REWRITE_ROWS[language];
  const end = lineEndOf(code);
  const insertions = statementsOf(lone).flatMap(({ text, indent, lineStart, isFirst }): Edit[] => {
    if (isFirst || draw('comment', text) >= COMMENTED_SHARE) return [];
    const words = TEXTS[Math.floor(draw('comment text', text) * TEXTS.length)]!;
    return [{ start: lineStart, end: lineStart, text: `${indent}${row.comment} ${words}${end}` }];
  });
  if (removals.length + insertions.length === 0) return undefined;
  const edited = withEdits(code, [...removals, ...insertions]);
  const made = parseAlone(edited.code, language, wrapper);
  if (made === undefined) return undefined;
  const inserted = edited.written.filter(({ start, end: to }) => to > start);
  return isSameTree(lone, made, { removed: removals, inserted }) ? made : undefined;
}

/** The comments that are removed: whole lines, or the end of one. */
function removedComments({ code, language, nodes }: LoneFunction, draw: Draw): Edit[] {
  const { comments }: LanguageRow = LANGUAGES[language];
  return nodes.flatMap(({ kind, start, end }): Edit[] => {
    if (!comments.includes(kind)) return [];
    const text = code.slice(start, end).trimEnd();
    if (READ_BY_PROGRAMS.test(text) || draw('take out', text) >= REMOVED_SHARE) return [];
    const lineStart = code.lastIndexOf('\n', start - 1) + 1;
    const lineEnd = code.indexOf('\n', start + text.length);
    if (lineStart === 0 || lineEnd < 0 || code.slice(start + text.length, lineEnd).trim() !== '') return [];
    const before = code.slice(lineStart, start);
    if (before.trim() === '') return [{ start: lineStart, end: lineEnd + 1, text: '' }];
    // Behind code, only where it ends on its line: a line end in a comment may count as one.
    if (text.includes('\n')) return [];
    const to = code[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd;
    return [{ start: lineStart + before.trimEnd().length, end: to, text: '' }];
  });
}
