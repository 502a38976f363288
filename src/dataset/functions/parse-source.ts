/**
 * @file One source file, parsed once: its functions (with names, kinds, lines, nesting) and their normalised text.
 * Knows nothing of files, packages or labels.
 */
import { firstFrom } from '../../base/first-from.ts';
import { type LineRange, NEVER_NAMES, recoverFunctions } from './c-text/recover-functions.ts';
import { LANGUAGES, type Language, type LanguageRow } from './languages.ts';
import { type NamedFunction, nameFunctions } from './name-functions.ts';
import { normaliseRange, type TextSpan } from './normalise-text.ts';
import type { FunctionKind, SyntaxNode, SyntaxRange, SyntaxTree } from './syntax.ts';
import { withSyntaxTree } from './syntax-tree.ts';
import { unreadHeads } from './unread-heads.ts';

export interface ExtractedFunction {
  /** Undefined for an anonymous function. */
  readonly name: string | undefined;
  /** Named enclosing functions, owners and the name: `attach.onOpen`, `Server.prototype.listen`; `<anonymous>` last. */
  readonly qualifiedName: string;
  readonly kind: FunctionKind;
  /** 1-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** UTF-16 offsets into the source. */
  readonly start: number;
  readonly end: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly code: string;
  /** As written, without the parentheses. */
  readonly parameters: string;
  /** Types without names where the language has types, `(int, String[])`: tells overloads of one name apart. */
  readonly signature: string;
  /** Index, in the same list, of the function directly around this one. */
  readonly parent: number | undefined;
  /** False when a stretch of it does not parse. */
  readonly parses: boolean;
}

export interface ParsedSource {
  /** In the order of their starts, outer before inner. */
  readonly functions: readonly ExtractedFunction[];
  /** Why the source was not parsed (too long, nested too deep); it has no functions then. */
  readonly refused: string | undefined;
  /** Whether a stretch of the source does not parse, or only with a token that the parser put in. */
  readonly hasErrors: boolean;
  /** What looks like functions in stretches that do not parse, and is not among `functions`. */
  readonly unread: readonly LineRange[];
  /** Comments and needless white space out, quotes of one kind; with `cutNested` the bodies of inner functions too. */
  normalise(of: ExtractedFunction, options?: { readonly cutNested?: boolean }): string;
}

export function parseSource(source: string, language: Language): ParsedSource {
  const read = withSyntaxTree(source, language, (tree) => readTree(tree, source, language));
  if (typeof read === 'string') {
    return { functions: [], refused: read, hasErrors: true, unread: [], normalise: () => '' };
  }
  const { functions, spans, hasErrors, unread } = read;
  return {
    functions,
    refused: undefined,
    hasErrors,
    unread,
    normalise: (of, options) => {
      if (options?.cutNested !== true) return normaliseRange(source, of.start, of.end, spans);
      const own = spans.filter((span) => span.start >= of.start && span.end <= of.end);
      return normaliseRange(source, of.start, of.end, mergeSpans(own, nestedBodies(functions, of)));
    },
  };
}

/** The functions of a source text; one that parses only in part still yields the others. */
export function extractFunctions(source: string, language: Language): readonly ExtractedFunction[] {
  return parseSource(source, language).functions;
}

interface TreeReading {
  readonly functions: readonly ExtractedFunction[];
  readonly spans: readonly TextSpan[];
  readonly hasErrors: boolean;
  readonly unread: readonly LineRange[];
}

/** Everything that is wanted of a tree, which is gone afterwards. */
function readTree(tree: SyntaxTree, source: string, language: Language): TreeReading {
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
  const functions = nameFunctions(nameable, row).map((entry) => extracted(entry, source, row, errors));
  const sorted = row.indented.length === 0 ? spans : mergeSpans(spans, []);
  const hasErrors = problems.length > 0;
  if (row.hasMacros && (hasErrors || hasMisread(nameable, functions))) {
    const hasError = (start: number, end: number) => hasErrorIn(errors, start, end);
    const hasProblem = (start: number, end: number) => hasErrorIn(problems, start, end);
    const grammar = { functions, spans: sorted, hasError, hasProblem };
    return { ...recoverFunctions(source, language === 'cpp', grammar), hasErrors };
  }
  return {
    functions,
    spans: sorted,
    hasErrors,
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

function nestedBodies(functions: readonly ExtractedFunction[], of: ExtractedFunction): TextSpan[] {
  const index = functions.indexOf(of);
  return functions
    .filter((candidate) => candidate.parent === index)
    .map((candidate) => ({ start: candidate.bodyStart, end: candidate.bodyEnd, role: 'cut' }));
}

/** By start; what is empty first (the block before the string it begins with), then outer before inner. */
function mergeSpans(of: readonly TextSpan[], others: readonly TextSpan[]): readonly TextSpan[] {
  const empty = (span: TextSpan) => (span.start === span.end ? 0 : 1);
  return [...of, ...others].sort((a, b) => a.start - b.start || empty(a) - empty(b) || b.end - a.end);
}
