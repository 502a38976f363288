/** @file Neighbouring declarations of different names by literals change places: neither reads the other. */
import { type Edit, withEdits } from './edits.ts';
import { type LoneFunction, parseAlone } from './parse-alone.ts';
import type { Draw } from './rewrite-kinds.ts';
import { REWRITE_ROWS } from './rows.ts';
import { hasSameNodes } from './same-tree.ts';
import { type Statement, statementsOf } from './statements.ts';

/** The share of the neighbouring pairs that change places. */
const SHARE = 0.6;

/** Undefined where no two can change places, or none were drawn. */
export function reorder(lone: LoneFunction, draw: Draw): LoneFunction | undefined {
  const { code, language, wrapper } = lone;
  const { literalDeclaration, lastIsValue } = REWRITE_ROWS[language];
  // A name that is declared global or nonlocal is a variable of another scope.
  if (/\b(?:global|nonlocal)\b/.test(code)) return undefined;
  const nameOf = ({ text }: Statement) => literalDeclaration.exec(text)?.[1];
  const statements = statementsOf(lone);
  const edits: Edit[] = [];
  for (let i = 0; i + 1 < statements.length; i++) {
    const [first, second] = [statements[i]!, statements[i + 1]!];
    const [name, other] = [nameOf(first), nameOf(second)];
    if (name === undefined || other === undefined || name === other) continue;
    const isNext =
      first.block === second.block && /^[ \t]*;?\s*$/.test(code.slice(first.node.end, second.node.start));
    if (!isNext || !first.endsLine || !second.endsLine || (lastIsValue === true && second.isLast)) continue;
    if (draw('reorder', name, other) >= SHARE) continue;
    edits.push(
      { start: first.node.start, end: first.node.end, text: second.text },
      { start: second.node.start, end: second.node.end, text: first.text },
    );
    // Each changes places once.
    i++;
  }
  if (edits.length === 0) return undefined;
  const made = parseAlone(withEdits(code, edits).code, language, wrapper);
  return made !== undefined && hasSameNodes(lone, made) ? made : undefined;
}
