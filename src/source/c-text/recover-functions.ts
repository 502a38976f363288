/**
 * @file A grammar's functions of a C or C++ text in which stretches did not parse, corrected by what brackets and heads say.
 * What parsed cleanly stays as the grammar has it, to the byte.
 */
import { firstFrom } from '../../base/first-from.ts';
import type { ExtractedFunction } from '../extracted-function.ts';
import type { TextSpan } from '../normalise-text.ts';
import type { FunctionKind, LineRange } from '../syntax.ts';
import { splitAtCommas } from './head-of-function.ts';
import { lexC } from './lex-c.ts';
import { type ScannedFunction, type ScannedSource, scanFunctions } from './scan-functions.ts';

export interface GrammarReading {
  readonly functions: readonly ExtractedFunction[];
  /** Comments and literals, in the order of the source. */
  readonly spans: readonly TextSpan[];
  /** Whether a stretch that did not parse begins there. */
  readonly hasError: (start: number, end: number) => boolean;
  /** The same, or a token is missing. */
  readonly hasProblem: (start: number, end: number) => boolean;
}

export interface Recovered {
  readonly functions: ExtractedFunction[];
  readonly spans: readonly TextSpan[];
  /** Functions that could not be read in either way. */
  readonly unread: readonly LineRange[];
}

/** As names of functions these are a sign that the grammar misread a statement or a type. */
export const NEVER_NAMES =
  /^(?:if|else|for|while|do|switch|case|return|sizeof|catch|void|int|char|short|long|unsigned|signed|float|double|bool|_Bool)$/;

export function recoverFunctions(source: string, isCpp: boolean, grammar: GrammarReading): Recovered {
  const scanned = scanFunctions(source, isCpp);
  const ofGrammar = grammar.functions.filter(({ name }) => !NEVER_NAMES.test(name ?? ''));
  const byBody = new Map(ofGrammar.map((one) => [one.bodyStart, one]));
  const kept: ExtractedFunction[] = [];
  const repaired = new Set<ExtractedFunction>();
  for (const one of scanned.functions) {
    const partner = byBody.get(one.open.start);
    byBody.delete(one.open.start);
    if (partner !== undefined && isTrusted(partner, one, grammar, ofGrammar)) kept.push(partner);
    else repaired.add(functionFrom(one, source, isCpp, grammar));
  }
  // Those that only the grammar has: nested in a function that stays, unfinished, or where the scan saw nothing.
  const unfinished = new Set(scanned.lost.map(({ open }) => open.start));
  const others = [...byBody.values()].filter(
    (one) => one.kind === 'arrow' || unfinished.has(one.bodyStart) || !grammar.hasProblem(one.start, one.end),
  );
  const functions = nested([...kept, ...repaired, ...others], repaired, grammar);
  return {
    functions,
    spans: repaired.size === 0 ? grammar.spans : spansWith(grammar.spans, scanned.spans, [...repaired]),
    unread: unreadOf(scanned, functions),
  };
}

/**
 * The grammar's function where it parsed, or where only its body did not and both see the same end. Where the ends differ, the
 * grammar is right only if it read another function behind its end.
 */
function isTrusted(
  one: ExtractedFunction,
  { head, close }: ScannedFunction,
  grammar: GrammarReading,
  ofGrammar: readonly ExtractedFunction[],
): boolean {
  const isSame = one.start === head.start.start && one.name === head.name && one.bodyEnd === close.end;
  if (isSame) return true;
  const start = Math.min(head.start.start, one.start);
  if (grammar.hasProblem(start, one.bodyStart)) return false;
  if (one.bodyEnd === close.end) return true;
  if (one.bodyEnd > close.end || grammar.hasProblem(one.bodyStart, close.end)) return false;
  const next = ofGrammar[firstFrom(ofGrammar, one.end)];
  return next !== undefined && next.start < close.start;
}

function functionFrom(
  { head, scopes, open, close }: ScannedFunction,
  source: string,
  isCpp: boolean,
  { hasError }: GrammarReading,
): ExtractedFunction {
  const { start } = head.start;
  const parameters =
    head.parameters === undefined
      ? ''
      : source.slice(head.parameters.open.end, head.parameters.close.start).trim();
  const owner = head.isQualified ? head.path.split('::').at(-2)?.replace(/<.*/, '') : scopes.at(-1)?.name;
  const isMethod = isCpp && (head.isQualified || scopes.at(-1)?.isType === true);
  const kind: FunctionKind = isCpp && head.name === owner ? 'constructor' : isMethod ? 'method' : 'function';
  return {
    name: head.name,
    qualifiedName: [...scopes.map(({ name }) => name), head.path].join('::'),
    kind,
    startLine: head.start.line,
    endLine: close.line,
    start,
    end: close.end,
    bodyStart: open.start,
    bodyEnd: close.end,
    code: source.slice(start, close.end),
    parameters,
    signature: `(${signatureOf(parameters)})`,
    parent: undefined,
    parses: !hasError(open.start, close.end),
  };
}

/** Types without names: the last word of each parameter goes, where another stands before it. */
function signatureOf(parameters: string): string {
  const types = splitAtCommas(lexC(parameters).tokens).map((tokens) => {
    const array = tokens.findIndex(({ text }) => text === '[' || text === '=');
    const pointer = tokens.findIndex(({ text }, i) => text === '*' && tokens[i - 1]?.text === '(');
    const end = array < 0 ? tokens.length : array;
    const isWord = tokens[end - 1]?.kind === 'word';
    const named = pointer >= 0 ? pointer + 1 : isWord ? end - 1 : -1;
    const hasType = tokens.slice(0, Math.max(0, named)).some(({ kind }) => kind === 'word');
    const isNamed = hasType && !NEVER_NAMES.test(tokens[named]?.text ?? '');
    const type = isNamed ? tokens.filter((_, i) => i !== named) : tokens;
    return type
      .map(({ text, kind }, i) => (kind === 'word' && type[i - 1]?.kind === 'word' ? ` ${text}` : text))
      .join('');
  });
  return types.filter((type) => type !== 'void' && type !== '').join(', ');
}

/** In the order of the source, each with the one around it. What crosses another, or stands in one for no reason, goes. */
function nested(
  candidates: readonly ExtractedFunction[],
  repaired: ReadonlySet<ExtractedFunction>,
  grammar: GrammarReading,
): ExtractedFunction[] {
  const sorted = candidates.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const functions: ExtractedFunction[] = [];
  const open: { readonly end: number; readonly index: number; readonly mayHold: boolean }[] = [];
  for (const one of sorted) {
    while (open.length > 0 && open.at(-1)!.end <= one.start) open.pop();
    const around = open.at(-1);
    if (around !== undefined) {
      if (one.end > around.end || repaired.has(one)) continue;
      if (one.kind !== 'arrow' && !around.mayHold) continue;
    }
    const mayHold = !repaired.has(one) && !grammar.hasProblem(one.bodyStart, one.bodyEnd);
    open.push({ end: one.end, index: functions.length, mayHold });
    functions.push({ ...one, parent: around?.index });
  }
  return functions;
}

/** In repaired functions the literals and comments of the scan: the grammar's are those of a misread text. */
function spansWith(
  ofGrammar: readonly TextSpan[],
  ofScan: readonly TextSpan[],
  repaired: readonly ExtractedFunction[],
): readonly TextSpan[] {
  const ranges = repaired.toSorted((a, b) => a.start - b.start);
  const isInside = ({ start }: TextSpan) => {
    const next = firstFrom(ranges, start + 1);
    const range = ranges[next - 1];
    return range !== undefined && start < range.end;
  };
  const spans = [...ofGrammar.filter((span) => !isInside(span)), ...ofScan.filter(isInside)];
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}

function unreadOf({ lost }: ScannedSource, functions: readonly ExtractedFunction[]): LineRange[] {
  const outer = functions.filter(({ parent }) => parent === undefined);
  return lost
    .filter(({ start, end }) => {
      const next = outer[firstFrom(outer, start.start)];
      const before = outer[firstFrom(outer, start.start) - 1];
      const isCovered = before !== undefined && before.end > start.start;
      return !isCovered && (next === undefined || next.start > end.end || next.start > start.end);
    })
    .map(({ start, end }) => ({ startLine: start.line, endLine: end.line }));
}
