/**
 * @file Code of the same file that helps to read a function, as text in front of it. Taken from the version of the file that the
 * function itself is of: nothing in it tells what a fix changed.
 */
import type { ExtractedFunction } from '../../source/extracted-function.ts';
import type { Language } from '../../source/languages.ts';
import type { ParsedSource } from '../../source/parse-source.ts';
import { REWRITE_ROWS } from '../../source/rewrites/rows.ts';
import { countTokens } from './count-tokens.ts';

/** callees: functions that it calls; callers: functions that call it; file: what stands above the file's first function. */
export const CONTEXT_KINDS = ['callers', 'callees', 'file'] as const;

export type ContextKind = (typeof CONTEXT_KINDS)[number];

export interface ContextOptions {
  readonly kind: ContextKind;
  /** Words and signs of the context at most, the comment that ends it not counted. */
  readonly maxTokens: number;
}

export interface FunctionContext {
  readonly kind: ContextKind;
  /** Text in front of the function, up to the line that the function begins on; empty where nothing was found. */
  readonly text: string;
  /** Words and signs that are kept, and that were cut. */
  readonly tokens: number;
  readonly cut: number;
}

export interface ContextFile {
  readonly source: string;
  readonly language: Language;
  readonly parsed: Pick<ParsedSource, 'functions' | 'comments'>;
}

/** The context of a function, whole lines of it, up to `maxTokens`; functions of other files are not looked for. */
export function contextOf(
  { source, language, parsed }: ContextFile,
  own: ExtractedFunction,
  { kind, maxTokens }: ContextOptions,
): FunctionContext {
  const pieces =
    kind === 'file'
      ? [fileHead(source, parsed)]
      : relatedFunctions(parsed.functions, own, kind).map((one) => wholeLines(source, one));
  let [tokens, cut] = [0, 0];
  const kept: string[] = [];
  for (const piece of pieces) {
    for (const line of piece.split(/\r?\n/)) {
      const count = countTokens(line);
      // What follows a line that was cut would stand without what it belongs to.
      if (cut > 0 || tokens + count > maxTokens) cut += count;
      else {
        tokens += count;
        kept.push(line);
      }
    }
  }
  if (tokens === 0) return { kind, text: '', tokens, cut };
  const end = `${REWRITE_ROWS[language].comment} ${END_OF_CONTEXT}`;
  return { kind, text: `${kept.join('\n')}\n${end}\n`, tokens, cut };
}

/** The comment line between the context and its function. */
const END_OF_CONTEXT = 'end of context';

/** In the order in which they are called, or of the file; functions around or inside it are not among them. */
function relatedFunctions(
  functions: readonly ExtractedFunction[],
  own: ExtractedFunction,
  kind: 'callers' | 'callees',
): ExtractedFunction[] {
  const isApart = ({ start, end }: ExtractedFunction) => end <= own.start || start >= own.end;
  const others = functions.filter((one) => one !== own && one.name !== undefined && isApart(one));
  if (kind === 'callers') {
    if (own.name === undefined) return [];
    const { name } = own;
    const callers = others.filter((one) => called(one).has(name) && one.name !== name);
    // Where one caller contains another, the call stands in the inner one.
    return callers.filter(
      (one) => !callers.some((inner) => inner !== one && inner.start >= one.start && inner.end <= one.end),
    );
  }
  const names = [...called(own)].filter((name) => name !== own.name);
  return names.flatMap((name) => others.filter((one) => one.name === name));
}

/** Names that stand before an opening parenthesis in its body, in the order of their first calls. */
function called({ code, bodyStart, start }: ExtractedFunction): Set<string> {
  const body = code.slice(Math.max(0, bodyStart - start));
  return new Set([...body.matchAll(/([A-Za-z_$][\w$]*[?!]?)\s*\(/g)].map(([, name]) => name!));
}

/** With the indentation of its first line. */
function wholeLines(source: string, { start, end }: ExtractedFunction): string {
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  const indent = source.slice(lineStart, start);
  return (indent.trim() === '' ? indent : '') + source.slice(start, end);
}

/** Imports, types, constants: the text above the first function, without comments and empty lines. */
function fileHead(source: string, { functions, comments }: ContextFile['parsed']): string {
  const first = functions.reduce((least, { start }) => Math.min(least, start), source.length);
  let head = '';
  let from = 0;
  for (const { start, end } of comments) {
    if (start >= first) break;
    if (start < from) continue;
    head += source.slice(from, start);
    from = end;
  }
  if (from < first) head += source.slice(from, first);
  return head
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trimEnd())
    .join('\n');
}
