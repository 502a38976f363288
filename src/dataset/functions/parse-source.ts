/**
 * @file One source file, parsed once: its functions (with names, kinds, lines, nesting) and their normalised text.
 * Knows nothing of files, packages or labels.
 */
import { LANGUAGES, type Language, type LanguageRow } from './languages.ts';
import { normaliseRange, type TextSpan } from './normalise-text.ts';
import type { FunctionKind, SyntaxNode } from './syntax.ts';
import { parseTree } from './syntax-tree.ts';

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
  /** Index, in the same list, of the function directly around this one. */
  readonly parent: number | undefined;
  /** False when a stretch of it does not parse. */
  readonly parses: boolean;
}

export interface ParsedSource {
  /** In the order of their starts, outer before inner. */
  readonly functions: readonly ExtractedFunction[];
  /** Comments and needless white space out, quotes of one kind; with `cutNested` the bodies of inner functions too. */
  normalise(of: ExtractedFunction, options?: { readonly cutNested?: boolean }): string;
}

export function parseSource(source: string, language: Language): ParsedSource {
  const row: LanguageRow = LANGUAGES[language];
  const spanKinds = [...row.comments, ...row.quoted, ...row.verbatim];
  const nodes = parseTree(source, language).find([...row.functions, ...spanKinds, 'ERROR']);
  const spans: TextSpan[] = [];
  const errors: number[] = [];
  const functionNodes: SyntaxNode[] = [];
  for (const node of nodes) {
    if (row.functions.includes(node.kind)) functionNodes.push(node);
    else if (node.kind === 'ERROR') errors.push(node.range().start);
    else spans.push(spanOf(node, row));
  }
  const functions = nameFunctions(functionNodes, source, row, errors);
  return {
    functions,
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

function nameFunctions(
  nodes: readonly SyntaxNode[],
  source: string,
  row: LanguageRow,
  errors: readonly number[],
): ExtractedFunction[] {
  const functions: ExtractedFunction[] = [];
  const open: number[] = [];
  for (const node of nodes) {
    const { start, end, startLine, endLine } = node.range();
    const body = node.field('body')?.range();
    if (body === undefined) continue;
    while (open.length > 0 && functions[open.at(-1)!]!.end <= start) open.pop();
    const parent = open.at(-1);
    const { name, path, kind } = row.naming(node);
    const scope = parent === undefined ? '' : scopeName(functions[parent]!.qualifiedName);
    functions.push({
      name,
      qualifiedName: scope + (path ?? ANONYMOUS),
      kind,
      startLine,
      endLine,
      start,
      end,
      bodyStart: body.start,
      bodyEnd: body.end,
      code: source.slice(start, end),
      parameters: parametersOf(node),
      parent,
      parses: !errors.some((error) => error >= start && error < end),
    });
    open.push(functions.length - 1);
  }
  return functions;
}

const ANONYMOUS = '<anonymous>';

/** Anonymous wrappers (a module in a function) say nothing: they stay out of the names of what they hold. */
function scopeName(outer: string): string {
  const named = outer.split(ANONYMOUS).join('').replace(/\.$/, '');
  return named === '' ? '' : `${named}.`;
}

function parametersOf(node: SyntaxNode): string {
  const text = (node.field('parameters') ?? node.field('parameter'))?.text() ?? '';
  return text.startsWith('(') ? text.slice(1, -1).trim() : text;
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

function nestedBodies(functions: readonly ExtractedFunction[], of: ExtractedFunction): TextSpan[] {
  const index = functions.indexOf(of);
  return functions
    .filter((candidate) => candidate.parent === index)
    .map((candidate) => ({ start: candidate.bodyStart, end: candidate.bodyEnd, role: 'cut' }));
}

function mergeSpans(of: TextSpan[], others: readonly TextSpan[]): readonly TextSpan[] {
  return [...of, ...others].sort((a, b) => a.start - b.start || b.end - a.end);
}
