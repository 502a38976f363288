/**
 * @file One source file, parsed once: its functions (with names, kinds, lines, nesting) and their normalised text.
 * Takes a text: files, packages and labels are the caller's business.
 */

import { firstFrom } from '../base/first-from.ts';
import { NEVER_NAMES, recoverFunctions } from './c-text/recover-functions.ts';
import type { ExtractedFunction } from './extracted-function.ts';
import { LANGUAGES, type Language, type LanguageRow } from './languages.ts';
import { type NamedFunction, nameFunctions } from './name-functions.ts';
import { reasonAgainstNesting, reasonAgainstOverlap } from './nesting.ts';
import { normaliseRange, type TextSpan } from './normalise-text.ts';
import { hasOutsideCode } from './outside-code.ts';
import type { LineRange, SyntaxNode, SyntaxRange, SyntaxTree } from './syntax.ts';
import { withSyntaxTree } from './syntax-tree.ts';
import { unreadHeads } from './unread-heads.ts';

export interface ParsedSource {
  /** In the order of their starts, outer before inner. */
  readonly functions: readonly ExtractedFunction[];
  /** Why the source was not parsed (too long, nested too deep); it has no functions then. */
  readonly refused: string | undefined;
  /** Whether a stretch of the source does not parse, or only with a token that the parser put in. */
  readonly hasErrors: boolean;
  /** What looks like functions in stretches that do not parse, and is not among `functions`. */
  readonly unread: readonly LineRange[];
  /** Every comment, in the order of the source. */
  readonly comments: readonly TextSpan[];
  /** Whether code outside functions does more than declare things. */
  readonly hasOutsideCode: boolean;
  /** Comments and needless white space out, quotes of one kind; with `cutNested` the bodies of inner functions too. */
  normalise(of: ExtractedFunction, options?: { readonly cutNested?: boolean }): string;
}

export function parseSource(source: string, language: Language): ParsedSource {
  const read = withSyntaxTree(source, language, (tree) => readTree(tree, source, language));
  if (typeof read === 'string') {
    const nothing = { functions: [], unread: [], comments: [], hasOutsideCode: false };
    return { ...nothing, refused: read, hasErrors: true, normalise: () => '' };
  }
  const { functions, spans } = read;
  let nested: ReadonlyMap<ExtractedFunction, readonly TextSpan[]> | undefined;
  return {
    ...read,
    refused: undefined,
    comments: spans.filter(({ role }) => role === 'comment'),
    normalise: (of, options) => {
      if (options?.cutNested !== true) return normaliseRange(source, of.start, of.end, spans);
      const own = spansWithin(spans, of);
      nested ??= nestedBodies(functions);
      return normaliseRange(source, of.start, of.end, mergeSpans(own, nested.get(of) ?? []));
    },
  };
}

/** The functions of a source text; one that parses only in part still yields the others. */
export function extractFunctions(source: string, language: Language): readonly ExtractedFunction[] {
  return parseSource(source, language).functions;
}

interface ReadTree extends Pick<ParsedSource, 'functions' | 'hasErrors' | 'unread' | 'hasOutsideCode'> {
  readonly spans: readonly TextSpan[];
}

/** Everything that is wanted of a tree, which is gone afterwards. */
function readTree(tree: SyntaxTree, source: string, language: Language): ReadTree | string {
  const row: LanguageRow = LANGUAGES[language];
  const spanKinds = [...row.comments, ...row.quoted, ...row.verbatim];
  const kinds = [...row.functions, ...row.scopes, ...spanKinds, ...row.indented, 'ERROR', 'MISSING'];
  const spans: TextSpan[] = [];
  const errors: SyntaxRange[] = [];
  const problems: SyntaxRange[] = [];
  const nameable: SyntaxNode[] = [];
  for (const node of tree.find(kinds)) {
    if (node.kind === 'ERROR' || node.kind === 'MISSING') problems.push(node.range());
    if (node.kind === 'ERROR') errors.push(node.range());
    else if (spanKinds.includes(node.kind)) spans.push(spanOf(node, row));
    else if (row.indented.includes(node.kind)) spans.push(...bracesFor(node.range()));
    else if (node.kind !== 'MISSING') nameable.push(node);
  }
  const tooDeep = reasonAgainstNesting(nameable);
  if (tooDeep !== undefined) return tooDeep;
  const named = nameFunctions(nameable, row);
  if (typeof named === 'string') return named;
  const tooLong = reasonAgainstOverlap(named, source.length);
  if (tooLong !== undefined) return tooLong;
  const hasErrors = problems.length > 0;
  const sorted = row.indented.length === 0 ? spans : mergeSpans(spans, []);
  // A grammar of C with macros in it is right about a token that it adds; elsewhere the function does not parse.
  const marks = row.hasMacros ? errors : problems;
  const functions = named.map((entry) => extracted(entry, source, row, marks));
  const read = { hasErrors, hasOutsideCode: hasOutsideCode(tree, source, row, functions) };
  if (row.hasMacros && (hasErrors || hasMisread(nameable, functions))) {
    const hasError = (start: number, end: number) => hasErrorIn(errors, start, end);
    const hasProblem = (start: number, end: number) => hasErrorIn(problems, start, end);
    const grammar = { functions, spans: sorted, hasError, hasProblem };
    return { ...read, ...recoverFunctions(source, language === 'cpp', grammar) };
  }
  return {
    ...read,
    functions,
    spans: sorted,
    unread: unreadHeads(source, language, errors, functions, sorted),
  };
}

/** Whether the grammar gave a function no name, or a type's or a statement's. */
function hasMisread(nodes: readonly SyntaxNode[], functions: readonly ExtractedFunction[]): boolean {
  const known = new Set(functions.map(({ bodyStart }) => bodyStart));
  const isUnnamed = (node: SyntaxNode) => {
    const body = node.kind === 'function_definition' ? node.field('body')?.range().start : undefined;
    return body !== undefined && !known.has(body);
  };
  return functions.some(({ name }) => NEVER_NAMES.test(name ?? '')) || nodes.some(isUnnamed);
}

function extracted(
  { node, whole, body, parent, binding, qualifiedName }: NamedFunction,
  source: string,
  row: LanguageRow,
  errors: readonly SyntaxRange[],
): ExtractedFunction {
  const { start, end, startLine, endLine } = whole;
  const lists = row.parameters(node);
  const types = lists.flatMap((list) =>
    /^(identifier|simple_identifier|implicit_parameter)$/.test(list.kind)
      ? [list.text()]
      : list.children().flatMap((child) => row.parameterType(child) ?? []),
  );
  return {
    name: binding.name,
    qualifiedName,
    kind: binding.kind,
    startLine,
    endLine,
    start,
    end,
    bodyStart: body.start,
    bodyEnd: body.end,
    code: source.slice(start, end),
    parameters: lists.map(withoutBrackets).join(', '),
    signature: `(${types.map(squeeze).join(', ')})${row.qualifiers(node)}`,
    parent,
    parses: !hasErrorIn(errors, row.hasMacros ? body.start : start, end),
  };
}

function withoutBrackets(list: SyntaxNode): string {
  const text = list.text();
  return /^[([|]/.test(text) ? text.slice(1, -1).trim() : text;
}

/** White space only where two words would run together, so that how a type is written does not matter. */
function squeeze(type: string): string {
  return type
    .replace(/\s+/g, ' ')
    .replace(/ ?([^\w$ ]) ?/g, '$1')
    .replaceAll(',', ', ')
    .trim();
}

/** Whether one begins there; `errors` are in the order of the source. */
function hasErrorIn(errors: readonly SyntaxRange[], start: number, end: number): boolean {
  const next = errors[firstFrom(errors, start)];
  return next !== undefined && next.start < end;
}

function spanOf(node: SyntaxNode, row: LanguageRow): TextSpan {
  const { start, end } = node.range();
  const role = row.comments.includes(node.kind)
    ? 'comment'
    : row.quoted.includes(node.kind)
      ? 'quoted'
      : 'verbatim';
  return { start, end, role };
}

/** `{` where an indented block begins, `}` where it ends: there indentation is all that says so. */
function bracesFor({ start, end }: SyntaxRange): TextSpan[] {
  return [
    { start, end: start, role: 'open' },
    { start: end, end, role: 'close' },
  ];
}

/** By the function around: the bodies of those directly in it. */
function nestedBodies(functions: readonly ExtractedFunction[]): Map<ExtractedFunction, TextSpan[]> {
  const bodies = new Map<ExtractedFunction, TextSpan[]>();
  for (const { parent, bodyStart, bodyEnd } of functions) {
    if (parent === undefined) continue;
    const outer = functions[parent]!;
    const span = { start: bodyStart, end: bodyEnd, role: 'cut' } as const;
    const known = bodies.get(outer);
    if (known === undefined) bodies.set(outer, [span]);
    else known.push(span);
  }
  return bodies;
}

function spansWithin(spans: readonly TextSpan[], { start, end }: ExtractedFunction): TextSpan[] {
  const own: TextSpan[] = [];
  for (let index = firstFrom(spans, start); index < spans.length && spans[index]!.start <= end; index++) {
    if (spans[index]!.end <= end) own.push(spans[index]!);
  }
  return own;
}

/** By start; what is empty first (the block before the string it begins with), then outer before inner. */
function mergeSpans(of: readonly TextSpan[], others: readonly TextSpan[]): readonly TextSpan[] {
  const empty = (span: TextSpan) => (span.start === span.end ? 0 : 1);
  return [...of, ...others].sort((a, b) => a.start - b.start || empty(a) - empty(b) || b.end - a.end);
}
