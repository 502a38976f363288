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

/** Half of the default max_length, so that functions are still read. */
export const DEFAULT_CONTEXT_TOKENS = 256;

export interface FunctionContext extends ContextOptions {
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
  file: ContextFile,
  own: ExtractedFunction,
  { kind, maxTokens }: ContextOptions,
): FunctionContext {
  const index = indexOf(file);
  const pieces = kind === 'file' ? [index.head()] : relatedFunctions(index, own, kind);
  let [tokens, cut] = [0, 0];
  const kept: string[] = [];
  for (const piece of pieces) {
    // What follows a line that was cut would stand without what it belongs to.
    if (cut > 0) {
      cut += index.tokensOf(piece);
      continue;
    }
    const before = tokens;
    for (const line of index.textOf(piece).split(/\r?\n/)) {
      const count = countTokens(line);
      if (tokens + count > maxTokens) {
        cut = index.tokensOf(piece) - (tokens - before);
        break;
      }
      tokens += count;
      kept.push(line);
    }
  }
  if (tokens === 0) return { kind, maxTokens, text: '', tokens, cut };
  const end = `${REWRITE_ROWS[file.language].comment} ${END_OF_CONTEXT}`;
  return { kind, maxTokens, text: `${kept.join('\n')}\n${end}\n`, tokens, cut };
}

/** All contexts of a file together. A file of functions that all call the same long ones would fill the memory. */
const MOST_CONTEXT_CHARACTERS = 32_000_000;

/** Those of all functions of a file, in their order; or why the file is refused. */
export function contextsOf(file: ContextFile, options: ContextOptions): FunctionContext[] | string {
  const contexts: FunctionContext[] = [];
  let characters = 0;
  for (const one of file.parsed.functions) {
    const context = contextOf(file, one, options);
    characters += context.text.length;
    if (characters > MOST_CONTEXT_CHARACTERS) {
      return `the contexts of its functions have more than ${MOST_CONTEXT_CHARACTERS / 1e6} million characters`;
    }
    contexts.push(context);
  }
  return contexts;
}

/** The comment line between the context and its function. */
const END_OF_CONTEXT = 'end of context';

/** In the order in which they are called, or of the file; functions around or inside it are not among them. */
function relatedFunctions(
  index: FileIndex,
  own: ExtractedFunction,
  kind: 'callers' | 'callees',
): ExtractedFunction[] {
  const { name } = own;
  const isApart = (one: ExtractedFunction) => one !== own && (one.end <= own.start || one.start >= own.end);
  if (kind === 'callees') {
    const names = [...index.called(own)].filter((other) => other !== name);
    return names.flatMap((other) => index.named(other).filter(isApart));
  }
  if (name === undefined) return [];
  const callers = index.callersOf(name).filter((one) => one.name !== name && isApart(one));
  // Functions in one another: the inner one, which comes next, is where the call stands.
  return callers.filter((one, i) => (callers[i + 1]?.start ?? one.end) >= one.end);
}

/** What is asked of a file for each of its functions: a file may have tens of thousands, minified ones all alike by name. */
class FileIndex {
  readonly #file: ContextFile;
  readonly #called = new Map<ExtractedFunction, Set<string>>();
  readonly #tokens = new Map<ExtractedFunction | string, number>();
  /** Those functions that have a name. */
  #byName: Map<string, ExtractedFunction[]> | undefined;
  /** By the name that they call, outer before inner. */
  #byCalled: Map<string, ExtractedFunction[]> | undefined;
  #head: string | undefined;

  constructor(file: ContextFile) {
    this.#file = file;
  }

  head(): string {
    this.#head ??= fileHead(this.#file.source, this.#file.parsed);
    return this.#head;
  }

  called(one: ExtractedFunction): ReadonlySet<string> {
    return computed(this.#called, one, called);
  }

  named(name: string): readonly ExtractedFunction[] {
    this.#byName ??= grouped(this.#inOrder(), (one) => [one.name!]);
    return this.#byName.get(name) ?? [];
  }

  callersOf(name: string): readonly ExtractedFunction[] {
    this.#byCalled ??= grouped(this.#inOrder(), (one) => this.called(one));
    return this.#byCalled.get(name) ?? [];
  }

  textOf(piece: ExtractedFunction | string): string {
    return typeof piece === 'string' ? piece : wholeLines(this.#file.source, piece);
  }

  tokensOf(piece: ExtractedFunction | string): number {
    return computed(this.#tokens, piece, () => countTokens(this.textOf(piece)));
  }

  #inOrder(): ExtractedFunction[] {
    return this.#file.parsed.functions
      .filter(({ name }) => name !== undefined)
      .sort((a, b) => a.start - b.start || b.end - a.end);
  }
}

/** By what was parsed, so that a file is indexed once for all of its functions. */
const indices = new WeakMap<ContextFile['parsed'], FileIndex>();

function indexOf(file: ContextFile): FileIndex {
  const known = indices.get(file.parsed);
  if (known !== undefined) return known;
  const made = new FileIndex(file);
  indices.set(file.parsed, made);
  return made;
}

function computed<K, V>(known: Map<K, V>, key: K, compute: (key: K) => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = compute(key);
  known.set(key, made);
  return made;
}

function grouped<T>(all: readonly T[], keysOf: (one: T) => Iterable<string>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    for (const key of keysOf(one)) computed(groups, key, (): T[] => []).push(one);
  }
  return groups;
}

/** From the beginning of a word alone: from each of its letters on, a word of a megabyte would be read to its end. */
const CALLED_NAME = /(?<![\w$])([A-Za-z_$][\w$]*[?!]?)\s*\(/g;

/** Names that stand before an opening parenthesis in its body, in the order of their first calls. */
function called({ code, bodyStart, start }: ExtractedFunction): Set<string> {
  const body = code.slice(Math.max(0, bodyStart - start));
  return new Set([...body.matchAll(CALLED_NAME)].map(([, name]) => name!));
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
