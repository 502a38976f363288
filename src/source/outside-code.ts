/**
 * @file Code that stands in no function and runs when the file does. A model of functions does not judge it, so it has to be
 * counted. Rows of languages say what acts.
 */
import { firstFrom } from '../base/first-from.ts';
import type { LanguageRow } from './language-row.ts';
import type { SyntaxTree } from './syntax.ts';

interface Range {
  readonly start: number;
  readonly end: number;
}

interface FunctionRange extends Range {
  /** Index of the function directly around it. */
  readonly parent: number | undefined;
}

/** So many values that are kept, `const a = make(b)`, are what any module has. */
const FEW_KEPT = 3;

/**
 * Whether something outside functions is given a value to work on: `system("ls " . $x)`, `app.use(cors)`. A call of
 * literals alone (`require('x')`) or of nothing (`main()`), one that takes a function, and up to three whose result is
 * only kept are what files without such code have too.
 */
export function hasOutsideCode(
  tree: SyntaxTree,
  source: string,
  row: LanguageRow,
  functions: readonly FunctionRange[],
): boolean {
  const outermost = functions.filter(({ parent }) => parent === undefined);
  if (row.acts.length === 0 || !mayAct(source, outermost)) return false;
  let [kept, keptUntil, actUntil] = [0, 0, 0];
  for (const node of tree.find([...new Set([...row.acts, ...row.keepers])])) {
    const { start, end } = node.range();
    if (row.keepers.includes(node.kind)) {
      keptUntil = Math.max(keptUntil, end);
      continue;
    }
    // The outermost of calls in calls speaks for all of them.
    if (start < actUntil || touches(outermost, start, end)) continue;
    actUntil = end;
    if (!worksOnValue(source.slice(start, end))) continue;
    if (start >= keptUntil || ++kept > FEW_KEPT) return true;
  }
  return false;
}

/** A look at the characters between functions, so that most files are not searched for calls. */
function mayAct(source: string, functions: readonly Range[]): boolean {
  let at = 0;
  for (const { start, end } of functions) {
    if (start > at && ACTS.test(source.slice(at, start))) return true;
    at = Math.max(at, end);
  }
  return ACTS.test(source.slice(at));
}

/** A bracket, a shell command, or two words in a row as where calls need no brackets. */
const ACTS = /[(`]|\w ["'\w:@$]/;

/** Whether a function is in it, or it in a function. */
function touches(outermost: readonly Range[], start: number, end: number): boolean {
  const next = firstFrom(outermost, start);
  const [before, after] = [outermost[next - 1], outermost[next]];
  return (before !== undefined && before.end > start) || (after !== undefined && after.start < end);
}

const TOKENS =
  /"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|`(?:[^`\\]|\\.)*(?:`|$)|[\w$@]+|\?->|->|=>|==|::|\?\.|[^\s\w]/gs;
const ACCESSORS: ReadonlySet<string> = new Set(['.', '->', '::', '?.', '?->']);
const INTERPOLATION = /\{|\$\w/;
/** Words that are not values somebody hands in: literals, the file's own names, classes and constants. */
const FIXED =
  /^(?:\d.*|__.*|[A-Z].*|true|false|null|nil|undefined|this|self|new|exports|module|async|await|not|and|or)$/;
const RAW_PREFIX = /^[rbuRBU]{1,2}$/;
const INPUTS = /^(?:ARGV|ENV|STDIN|ARGF)$/;
const LONGEST_ACT = 2_000;

/** Whether a call, an `echo` or a shell command has anything but literals and constants in it. */
function worksOnValue(act: string): boolean {
  const tokens = act.slice(0, LONGEST_ACT).match(TOKENS) ?? [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (/^["'`]/.test(token)) {
      if (token[0] !== "'" && INTERPOLATION.test(token)) return true;
      continue;
    }
    if (!/^[\w$@]/.test(token)) continue;
    const first = at;
    while (ACCESSORS.has(tokens[at + 1]!) && /^[\w$@]/.test(tokens[at + 2] ?? '')) at += 2;
    // What is called, a named argument, a symbol.
    if (first === 0 || /^[(:=]$/.test(tokens[at + 1] ?? '') || tokens[first - 1] === ':') continue;
    if (RAW_PREFIX.test(token) && /^["']/.test(tokens[at + 1] ?? '')) continue;
    if (INPUTS.test(token) || !FIXED.test(token)) return true;
  }
  return false;
}
