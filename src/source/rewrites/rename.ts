/** @file Local names → other names of the same kind. */
import { type Edit, withEdits } from './edits.ts';
import { localNames } from './local-names.ts';
import { type LoneFunction, parseAlone } from './parse-alone.ts';
import type { Draw } from './rewrite-kinds.ts';
import { REWRITE_ROWS } from './rows.ts';
import { isSameTree } from './same-tree.ts';

const FIRST = [
  'inner',
  'outer',
  'next',
  'last',
  'first',
  'local',
  'current',
  'other',
  'given',
  'own',
] as const;
const SECOND = [
  'item',
  'part',
  'entry',
  'node',
  'state',
  'piece',
  'unit',
  'element',
  'thing',
  'content',
] as const;
const LETTERS = 'abcdefghjkmnpqrstuvwxyz'.split('');
/** The share of the names that can be changed that are changed. */
const SHARE = 0.8;

/** Undefined where no name can be changed, or none was drawn. */
export function rename(lone: LoneFunction, draw: Draw): LoneFunction | undefined {
  const { code, language, wrapper } = lone;
  const names = localNames(lone).filter(({ name }) => draw('rename', name) < SHARE);
  if (names.length === 0) return undefined;
  const words = new Set(code.match(/\w+/g));
  const isSnake =
    /\b[a-z]+_[a-z]/.test(code) ||
    (REWRITE_ROWS[language].isSnakeCase === true && !/\b[a-z]+[A-Z]/.test(code));
  const edits: Edit[] = [];
  const renamed = new Map<string, string>();
  for (const { name, starts } of names) {
    const text = newName(name, isSnake, words, draw);
    if (text === undefined) continue;
    words.add(text);
    for (const start of starts) {
      edits.push({ start, end: start + name.length, text });
      renamed.set(`${start} ${name}`, text);
    }
  }
  const made = parseAlone(withEdits(code, edits).code, language, wrapper);
  return made !== undefined && isSameTree(lone, made, { renamed }) ? made : undefined;
}

/** A name that the function does not have yet. The old name decides it, so both functions of a pair get the same one. */
function newName(name: string, isSnake: boolean, taken: ReadonlySet<string>, draw: Draw): string | undefined {
  for (let attempt = 0; attempt < 40; attempt++) {
    const one = <T>(of: readonly T[], what: string) =>
      of[Math.floor(draw('name', name, what, attempt) * of.length)]!;
    const second = one(SECOND, 'second');
    const text =
      name.length <= 2 && attempt < 10
        ? one(LETTERS, 'letter')
        : one(FIRST, 'first') + (isSnake ? `_${second}` : second[0]!.toUpperCase() + second.slice(1));
    if (!taken.has(text)) return text;
  }
  return undefined;
}
