/**
 * @file The tokens before a brace → the function they are the head of, or what else they begin. It reads what a grammar cannot:
 * attribute macros, macros that make the whole head, parameters declared after their list (K&R).
 */
import type { Token } from './lex-c.ts';

export interface FunctionHead {
  /** Where the function begins: its type, its attributes, its macro. */
  readonly start: Token;
  /** As written; of a macro that makes the head, the whole call: `PHP_METHOD(Redis, connect)`. */
  readonly path: string;
  readonly name: string;
  readonly isQualified: boolean;
  /** Undefined where a macro hides the parameters. */
  readonly parameters: { readonly open: Token; readonly close: Token } | undefined;
}

export type HeadMeaning =
  | FunctionHead
  /** `namespace a`, `extern "C"`, in C++ a class: functions stand in it. */
  | { readonly scope: string; readonly isType: boolean }
  /** A type, an initialiser: functions do not stand in it. */
  | 'data'
  /** A statement or nothing at all: the scan has lost its way. */
  | 'lost';

interface Group {
  /** Index of the name before it, -1 where none stands there. */
  readonly name: number;
  readonly open: number;
  readonly close: number;
}

const STATEMENTS = /^(?:if|else|for|while|do|switch|case|default|return|goto|sizeof|catch|try)$/;
const TYPE_WORDS = /^(?:struct|union|enum|class)$/;
/** Calls of these are never a parameter list. */
const ATTRIBUTES =
  /^(?:__attribute__|__attribute|__declspec|_?_?alignas|_Alignas|noexcept|throw|decltype|typeof|__typeof__|__typeof|requires|__asm__|__asm|asm|explicit|_Pragma|__pragma|__nonnull|defined)$/;
const STORAGE =
  /^(?:static|extern|inline|__inline|__inline__|_Noreturn|constexpr|virtual|const|volatile|register)$/;
const BASIC_TYPES =
  /^(?:void|int|char|short|long|unsigned|signed|float|double|bool|_Bool|auto|struct|union|enum|class|const)$/;
const MACRO_NAME = /^[A-Z_$][A-Z0-9_$]*$/;
const LONGEST_NAME = 200;

export function readHead(head: readonly Token[], source: string, isCpp: boolean): HeadMeaning {
  const first = head[0];
  if (first === undefined) return 'lost';
  if (first.text === 'extern' && head.length === 2 && head[1]!.kind === 'literal') {
    return { scope: '', isType: false };
  }
  const { groups, colon, hasValue } = topLevel(head, isCpp);
  if (head.some(({ text }) => text === 'typedef')) return 'data';
  if (isCpp && groups.length === 0) {
    const scope = scopeOf(head, colon);
    if (scope !== undefined) return scope;
  }
  if (hasValue) return 'data';
  const end = colon ?? head.length;
  const chosen = parameterGroup(
    head,
    groups.filter(({ open }) => open < end),
  );
  if (chosen !== undefined) return functionOf(head, chosen, source);
  const last = head[end - 1];
  if (groups.length === 0 && last !== undefined && isBareMacro(head, last)) {
    return { start: first, path: last.text, name: last.text, isQualified: false, parameters: undefined };
  }
  const isStatement = head.some(({ text }) => STATEMENTS.test(text));
  if (!isStatement && head.some(({ text }) => TYPE_WORDS.test(text))) return 'data';
  return 'lost';
}

/** Whether a `;` ends a parameter's declaration (`int f(a) int a; {`), not the head. */
export function isOldStyle(head: readonly Token[]): boolean {
  const { groups, hasValue } = topLevel(head, false);
  const group = groups.find(({ name }) => name >= 0);
  if (group === undefined || hasValue || group.close + 2 >= head.length) return false;
  const names = new Set<string>();
  for (let i = group.open + 1; i < group.close; i++) {
    const { kind, text } = head[i]!;
    if (kind === 'word' && i % 2 === (group.open + 1) % 2) names.add(text);
    else if (text !== ',') return false;
  }
  return head.slice(group.close + 2).some(({ text }) => names.has(text));
}

function topLevel(head: readonly Token[], isCpp: boolean) {
  const groups: Group[] = [];
  let [depth, angle, open, hasValue] = [0, 0, 0, false];
  let colon: number | undefined;
  head.forEach(({ text }, i) => {
    if (text === '(' || text === '[' || text === '{') {
      if (depth++ === 0) open = i;
    } else if (text === ')' || text === ']' || text === '}') {
      if (depth > 0 && --depth === 0 && text === ')' && angle === 0) {
        groups.push({ name: nameBefore(head, open), open, close: i });
      }
    } else if (depth > 0) return;
    else if (isCpp && text === '<' && /^[\w]+$/.test(head[i - 1]?.text ?? '') && !isOperator(head, i))
      angle++;
    else if (text === '>' && angle > 0) angle--;
    else if (angle > 0) return;
    else if (text === '=' && !isOperator(head, i)) hasValue = true;
    else if (text === ':' && colon === undefined && head[i - 1]?.text !== ':' && head[i + 1]?.text !== ':')
      colon = i;
  });
  return { groups, colon, hasValue };
}

/** Whether `operator` stands at most two marks before. */
function isOperator(head: readonly Token[], index: number): boolean {
  return [1, 2, 3].some((back) => head[index - back]?.text === 'operator');
}

function nameBefore(head: readonly Token[], open: number): number {
  const before = head[open - 1];
  if (before?.kind === 'word') return open - 1;
  for (let i = open - 1; i >= 0 && i >= open - 4; i--) if (head[i]!.text === 'operator') return i;
  return -1;
}

function scopeOf(head: readonly Token[], colon: number | undefined): HeadMeaning | undefined {
  const end = colon ?? head.length;
  const words = head.slice(0, end).filter(({ kind }) => kind === 'word');
  const at = words.findIndex(({ text }) => text === 'namespace' || text === 'extern');
  if (at >= 0 && words.length <= at + 6) {
    const name = words
      .slice(at + 1)
      .filter(({ text }) => text !== 'inline')
      .map(({ text }) => text);
    return { scope: words[at]!.text === 'extern' ? '' : name.join('::'), isType: false };
  }
  const type = words.findLastIndex(({ text }) => /^(?:class|struct|union)$/.test(text));
  if (type < 0 || words[type - 1]?.text === 'enum') return undefined;
  const name = words.slice(type + 1).findLast(({ text }) => text !== 'final');
  return name === undefined ? undefined : { scope: name.text, isType: true };
}

/** Where several lists stand in a head, the likeliest of them; undefined where none can be one. */
function parameterGroup(head: readonly Token[], groups: readonly Group[]): Group | undefined {
  const last = groups.findLast(({ name }) => name >= 0 && !ATTRIBUTES.test(head[name]!.text));
  // What an empty line parts from the last list is a call without its `;`.
  const from = head.findLastIndex(({ gap }, i) => gap === 'empty line' && i <= (last?.name ?? -1));
  const typeAt = head.findIndex(({ text }) => TYPE_WORDS.test(text));
  let best: Group | undefined;
  let bestScore = -1;
  groups.forEach((group, at) => {
    if (group.open < from) return;
    const name = head[group.name]?.text;
    const next = groups[at + 1];
    // `(f)(int)`, `(*f(int))(char)`, `RENAME(f)(int)`: a declarator in brackets, or a name that a macro makes.
    const isDeclarator = next !== undefined && next.open === group.close + 1 && next.name < 0;
    if (name === undefined && !isDeclarator) return;
    if (name !== undefined && (ATTRIBUTES.test(name) || STATEMENTS.test(name))) return;
    if (name !== undefined && BASIC_TYPES.test(name) && !isDeclarator) return;
    if (isTypeAttribute(head, group, typeAt)) return;
    const isAttribute =
      name === undefined || name.startsWith('__') || MACRO_NAME.test(name) || /attr/i.test(name);
    const score = (isAttribute ? 0 : 4) + (isParameters(head, group) ? 2 : 0) + (isDeclarator ? 3 : 0);
    // A tie between macros: the first that has a type before it, else the last.
    const keepsFirst = best !== undefined && score === bestScore && isAttribute && best.name > 0;
    if (score >= bestScore && !keepsFirst) [best, bestScore] = [group, score];
  });
  return best;
}

/** `struct foo ALIGNED(8) {`, `struct PACKED(1) foo {` */
function isTypeAttribute(head: readonly Token[], { name }: Group, typeAt: number): boolean {
  return typeAt >= 0 && name > typeAt && name - typeAt <= 2 && MACRO_NAME.test(head[name]!.text);
}

/** Types with names, or nothing: not numbers, not a list of bare names. */
function isParameters(head: readonly Token[], { open, close }: Group): boolean {
  const parts = splitAtCommas(head.slice(open + 1, close));
  return parts.every(
    (part) =>
      part.length === 0 ||
      part[0]!.text === '.' ||
      (part.length === 1
        ? part[0]!.text === 'void' || BASIC_TYPES.test(part[0]!.text)
        : /^[A-Za-z_:]/.test(part[0]!.text)),
  );
}

export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (/^[([{<]$/.test(token.text)) depth++;
    else if (/^[)\]}>]$/.test(token.text)) depth--;
    if (token.text === ',' && depth <= 0) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}

function functionOf(head: readonly Token[], group: Group, source: string): FunctionHead {
  const open = head[group.open]!;
  const close = head[group.close]!;
  const after = head[group.close + 1];
  if (after?.text === '(') return nestedDeclarator(head, group, source);
  const nameStart = startOfName(head, group.name);
  const isQualified = head[group.name - 1]?.text === ':' && head[group.name - 2]?.text === ':';
  const written = textOf(source, head[nameStart]!.start, head[group.open - 1]!.end).replace(
    /\s*::\s*/g,
    '::',
  );
  const last = head[group.name - 1]?.text === '~' ? `~${head[group.name]!.text}` : undefined;
  const own = last ?? textOf(source, head[group.name]!.start, head[group.open - 1]!.end);
  const start = head[startOfHead(head, nameStart)]!;
  if (!isMacroHead(head, group, nameStart)) {
    return { start, path: written, name: own, isQualified, parameters: { open, close } };
  }
  const call = textOf(source, head[nameStart]!.start, close.end);
  return { start, path: call, name: call, isQualified: false, parameters: { open, close } };
}

/** `(f)(int a)`, `(*f(int a))(char)`, `RENAME(f)(int a)` */
function nestedDeclarator(head: readonly Token[], group: Group, source: string): FunctionHead {
  const inner = head.slice(group.open + 1, group.close);
  const secondOpen = group.close + 1;
  const secondClose = closeOf(head, secondOpen);
  const start = head[startOfHead(head, group.name < 0 ? group.open : group.name)]!;
  const parameters = { open: head[secondOpen]!, close: head[secondClose]! };
  const macro = head[group.name]?.text;
  if (macro !== undefined && !BASIC_TYPES.test(macro) && inner[0]?.text !== '*') {
    const path = textOf(source, head[group.name]!.start, head[group.close]!.end);
    return { start, path, name: path, isQualified: false, parameters };
  }
  const named = inner.findIndex(({ kind }, i) => kind === 'word' && inner[i + 1]?.text === '(');
  const name = (named < 0 ? inner.findLast(({ kind }) => kind === 'word') : inner[named])?.text ?? '';
  if (named < 0) return { start, path: name, name, isQualified: false, parameters };
  const own = { open: inner[named + 1]!, close: inner[closeOf(inner, named + 1)]! };
  return { start, path: name, name, isQualified: false, parameters: own };
}

function closeOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.text === '(') depth++;
    else if (tokens[i]!.text === ')' && --depth === 0) return i;
  }
  return tokens.length - 1;
}

/** Back over `A::B<int>::~`. */
function startOfName(head: readonly Token[], name: number): number {
  let at = name;
  if (head[at - 1]?.text === '~') at--;
  while (head[at - 1]?.text === ':' && head[at - 2]?.text === ':') {
    at -= 2;
    if (head[at - 1]?.text === '>') {
      let depth = 0;
      do {
        at--;
        if (head[at]!.text === '>') depth++;
        else if (head[at]!.text === '<') depth--;
      } while (depth > 0 && at > 0);
    }
    if (head[at - 1]?.kind !== 'word') break;
    at--;
  }
  return at;
}

/** What an empty line or a directive parts from the name is another thing: `G_BEGIN_DECLS`, a call without its `;`. */
function startOfHead(head: readonly Token[], name: number): number {
  let depth = 0;
  for (let i = name; i > 0; i--) {
    if (head[i]!.text === ')') depth++;
    else if (head[i]!.text === '(') depth--;
    if (depth === 0 && head[i]!.gap !== undefined) return i;
  }
  return 0;
}

/** No type before the name, and what is in the brackets is not a parameter list. */
function isMacroHead(head: readonly Token[], group: Group, nameStart: number): boolean {
  const from = startOfHead(head, nameStart);
  const before = head.slice(from, nameStart);
  const name = head[group.name]!.text;
  const hasType = before.some(({ text }) => !STORAGE.test(text) && !MACRO_NAME.test(text));
  if (hasType || head[group.name]!.text === 'operator' || nameStart !== group.name) return false;
  if (head.slice(group.close + 1).some(({ text }) => text === ';')) return false;
  const isTyped = isParameters(head, group);
  if (before.some(({ text }) => MACRO_NAME.test(text) && !STORAGE.test(text)))
    return !isTyped && MACRO_NAME.test(name);
  return MACRO_NAME.test(name) || !isTyped;
}

/** `YY_DECL {`: only capitals, alone or after `static`. */
function isBareMacro(head: readonly Token[], last: Token): boolean {
  return /^[A-Z][A-Z0-9_]{2,}$/.test(last.text) && head.slice(0, -1).every(({ text }) => STORAGE.test(text));
}

function textOf(source: string, start: number, end: number): string {
  return source
    .slice(start, Math.min(end, start + 4 * LONGEST_NAME))
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, LONGEST_NAME);
}
