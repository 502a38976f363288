/** @file Code that does nothing, put between statements: a branch that is never taken, a variable that nobody reads. */
import { type Edit, withEdits } from './edits.ts';
import { type LoneFunction, parseAlone } from './parse-alone.ts';
import type { Draw } from './rewrite-kinds.ts';
import { REWRITE_ROWS } from './rows.ts';
import { isSameTree } from './same-tree.ts';
import { lineEndOf, statementsOf } from './statements.ts';

/** The share of the places between statements that get dead code. */
const SHARE = 0.12;
const MOST_PLACES = 3;
const NAMES = ['spare', 'unused', 'reserved', 'extra', 'filler', 'placeholder'] as const;

/** Undefined where there is no place for it. */
export function addDeadCode(lone: LoneFunction, draw: Draw): LoneFunction | undefined {
  const { code, language, wrapper } = lone;
  const row = REWRITE_ROWS[language];
  const end = lineEndOf(code);
  const words = new Set(code.match(/\w+/g));
  // Never before the first statement: directives, docstrings and calls of other constructors must stay first.
  const places = statementsOf(lone)
    .filter(({ isFirst }) => !isFirst)
    .map((statement) => ({ ...statement, drawn: draw('dead code', statement.text) }))
    .sort((a, b) => a.drawn - b.drawn || a.node.start - b.node.start);
  const count = Math.min(MOST_PLACES, Math.max(1, Math.round(places.length * SHARE)));
  // In C a goto or a case must not jump over a declaration.
  const mayDeclare = row.unusedLocal !== undefined && !/\bgoto\b|\bcase\b/.test(code);
  const edits = places.slice(0, count).map(({ indent, lineStart, text }): Edit => {
    const name = freeName(words, draw, text);
    const isLocal = mayDeclare && name !== undefined && draw('dead local', text) < 0.5;
    if (isLocal) words.add(name);
    const lines = isLocal ? [row.unusedLocal!(name)] : row.deadBranch;
    return {
      start: lineStart,
      end: lineStart,
      text: lines
        .map((line) => `${indent}${line.replace(/^ {4}/, indent.startsWith('\t') ? '\t' : '    ')}${end}`)
        .join(''),
    };
  });
  if (edits.length === 0) return undefined;
  const edited = withEdits(code, edits);
  const made = parseAlone(edited.code, language, wrapper);
  return made !== undefined && isSameTree(lone, made, { inserted: edited.written }) ? made : undefined;
}

/** A name that the function does not have, with or without an underscore before it; undefined where all are taken. */
function freeName(taken: ReadonlySet<string>, draw: Draw, text: string): string | undefined {
  const first = Math.floor(draw('dead name', text) * NAMES.length);
  const names = NAMES.flatMap((_, i) => {
    const name = NAMES[(first + i) % NAMES.length]!;
    return [name, `${name}2`];
  });
  return names.find((name) => !taken.has(name) && !taken.has(`_${name}`));
}
