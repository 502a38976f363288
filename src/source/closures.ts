/**
 * @file Closures that stand in no named function: which of them count as functions, and what they are called. A route's
 * handler is called after the call that takes it: `Route::get('/user')`. Knows no language; rows say what takes closures.
 */
import type { LanguageRow } from './language-row.ts';
import type { SyntaxNode } from './syntax.ts';

export interface Closure {
  /** What takes it, up to the closure itself; undefined where nothing does. */
  readonly label: string | undefined;
}

/** How far up a taker may stand: an argument of an argument list of a call, with a cast or two. */
const MOST_TAKER_STEPS = 8;
const LONGEST_LABEL = 80;
/** Calls that only make a closure of a closure: the call around them says what it is for. */
const WRAPPERS = /^(?:lambda|proc|Proc\.new|Box::new|Arc::new|Rc::new)$/;
/** A string, or a symbol as Ruby writes it: the address or the name that something is registered under. */
const LITERAL = /['"`]|(?:^|[\s(,])%?:\w/;

/**
 * `outer`: the number of closures around it. One that stands in another closure is a function of its own where it is
 * registered under a literal (`get("/x") { ... }` in `routing { ... }`), and a part of the outer one elsewhere.
 */
export function closureAt(node: SyntaxNode, row: LanguageRow, outer: number): Closure | undefined {
  if (!row.closures.includes(node.kind) || !row.isClosure(node) || isPlainValue(node, row)) return undefined;
  const label = labelOf(node, row);
  return outer === 0 || (label !== undefined && LITERAL.test(label)) ? { label } : undefined;
}

/** `{ it.name }`, `lambda p: p[0]`, `() => 0`: a closure that names a value and does nothing with it. */
function isPlainValue(node: SyntaxNode, row: LanguageRow): boolean {
  const body = row.body(node) ?? node;
  const { start, end } = body.range();
  if (end - start > LONGEST_LABEL) return false;
  const text = body
    .text()
    .replace(/^\{(?:[\w\s,:?]*->)?([^}]*)\}$/, '$1')
    .trim();
  return /^[\w$@.?!:&'"[\]>-]*$/.test(text);
}

function labelOf(node: SyntaxNode, row: LanguageRow): string | undefined {
  let { start } = node.range();
  let at = node.parent();
  for (let step = 0; at !== undefined && step < MOST_TAKER_STEPS; step++, at = at.parent()) {
    if (!row.takers.includes(at.kind)) continue;
    const label = cleanLabel(at.text().slice(0, start - at.range().start));
    if (WRAPPERS.test(label)) ({ start } = at.range());
    else if (label !== '') return label;
  }
  return undefined;
}

/** `http.HandleFunc("/", ` → `http.HandleFunc("/")`; `'name' => ` → `'name'`; of a long one the end. */
function cleanLabel(text: string): string {
  const isLong = text.length > 2 * LONGEST_LABEL;
  const words = (isLong ? text.slice(-2 * LONGEST_LABEL) : text).trim().replace(/\s+/g, ' ');
  let end = words.length;
  while (end > 0 && ' ,=>(:{&|'.includes(words[end - 1]!)) end--;
  const label = words.slice(0, end);
  const opened = label.split('(').length - label.split(')').length;
  const closed = opened > 0 ? `${label})` : label;
  return closed.length > LONGEST_LABEL ? `…${closed.slice(-LONGEST_LABEL)}` : closed;
}
