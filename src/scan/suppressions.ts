/**
 * @file `vultune-ignore: reason` in comments: which functions it speaks of. Works on a source's comments, as the parser
 * found them, and its functions; what else a text holds (strings, documentation) suppresses nothing.
 */

import { firstFrom } from '../base/first-from.ts';
import type { Suppression, SuppressionProblem } from './finding.ts';
import { parseSuppression } from './suppression-text.ts';

export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

export interface FunctionRange extends SourceRange {
  /** Index of the function directly around it. */
  readonly parent: number | undefined;
}

export interface ReadSource {
  /** In the order of the source, both. */
  readonly comments: readonly SourceRange[];
  readonly functions: readonly FunctionRange[];
}

export interface Suppressions {
  /** By the function's index. A function inside a suppressed one is suppressed too. */
  readonly suppressed: ReadonlyMap<number, Suppression>;
  readonly problems: readonly SuppressionProblem[];
}

const DIRECTIVE = 'vultune-ignore';

/**
 * A comment alone on its line, with only comments, annotations or blank lines between it and a function's first
 * line, speaks of that function; any other of the innermost function it stands in.
 */
export function findSuppressions(source: string, read: ReadSource): Suppressions {
  const suppressed = new Map<number, Suppression>();
  const problems: SuppressionProblem[] = [];
  const places = new CommentedFunctions(source, read);
  for (const { line, start, end, reason, comment } of directives(source, read.comments)) {
    const target = places.functionBelow(start, end, comment) ?? places.functionAround(start, end);
    if (target === undefined) problems.push({ line, kind: 'no-function' });
    else {
      const said = parseSuppression(reason);
      if (typeof said === 'string') problems.push({ line, kind: said });
      else suppressed.set(target, { ...said, line });
    }
  }
  // Outer functions come before inner ones, so one pass hands a suppression down.
  for (const [i, { parent }] of read.functions.entries()) {
    const outer = parent === undefined ? undefined : suppressed.get(parent);
    if (outer !== undefined && !suppressed.has(i)) suppressed.set(i, outer);
  }
  return { suppressed, problems };
}

interface Directive extends SourceRange {
  /** 1-based. */
  readonly line: number;
  /** '' where it has none. */
  readonly reason: string;
  /** The whole comment; `start` and `end` are those of the directive's line in it. */
  readonly comment: SourceRange;
}

/** Lines of comments that begin with the directive. Most sources have none, so that is asked first. */
function* directives(source: string, comments: readonly SourceRange[]): Generator<Directive> {
  if (!source.includes(DIRECTIVE)) return;
  let [line, counted] = [1, 0];
  for (const comment of comments) {
    const text = source.slice(comment.start, comment.end);
    for (let at = text.indexOf(DIRECTIVE); at >= 0; ) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline;
      const start = text.lastIndexOf('\n', at) + 1;
      const after = text.slice(at + DIRECTIVE.length, end);
      if (MARKS.test(text.slice(start, at)) && !/^\w/.test(after)) {
        line += newlinesIn(source, counted, comment.start + at);
        counted = comment.start + at;
        yield {
          line,
          start: comment.start + start,
          end: comment.start + end,
          reason: reasonIn(after),
          comment,
        };
      }
      at = text.indexOf(DIRECTIVE, end);
    }
  }
}

/** What a comment's line begins with: `//`, `/*`, ` * `, `#`, `<!--`. */
const MARKS = /^[\s/*!#<-]*$/;

/** `: the input is ours` without the colon and the comment's end. */
function reasonIn(after: string): string {
  const text = after.trimStart();
  if (!text.startsWith(':')) return '';
  const end = text.indexOf('*/');
  return text.slice(1, end < 0 ? undefined : end).trim();
}

function newlinesIn(source: string, from: number, to: number): number {
  let count = 0;
  for (let at = source.indexOf('\n', from); at >= 0 && at < to; at = source.indexOf('\n', at + 1)) count++;
  return count;
}

/** What may stand before a function on its first line: `export const f = `, `  name: `, not `return list.map(`. */
const DECLARATION_START = /^(?!.*\breturn\b)[\s\w$.,:=<>[\]*&@"'-]*$/;
/** At the top level the call that takes a closure may: `app.get('/x', `, but not another statement. */
const CALL_START = /^[^;{}]*$/;

interface Lines extends SourceRange {
  /** Asked for once. */
  isAlone: boolean | undefined;
}

/** Which function a comment speaks of. */
class CommentedFunctions {
  readonly #source: string;
  readonly #read: ReadSource;
  readonly #heads = new Map<number, number>();
  #lines: Lines = { start: 0, end: -1, isAlone: undefined };

  constructor(source: string, read: ReadSource) {
    this.#source = source;
    this.#read = read;
  }

  functionBelow(start: number, end: number, comment: SourceRange): number | undefined {
    const { functions } = this.#read;
    if (!this.#isAlone(comment)) return undefined;
    const index = firstFrom(functions, end);
    if (functions[index] === undefined) return undefined;
    const head = this.#heads.get(index) ?? this.#headOf(index);
    this.#heads.set(index, head);
    return start >= head ? index : undefined;
  }

  /** Whether there is only white space and comments on its lines; comments of one line are asked about once. */
  #isAlone({ start, end }: SourceRange): boolean {
    const lines = this.#linesOf(start, end);
    lines.isAlone ??= this.#isBetween(lines.start, lines.end);
    return lines.isAlone;
  }

  /** The whole lines that a stretch lies on; those of the last one are kept, for many comments on one line. */
  #linesOf(start: number, end: number): Lines {
    if (start < this.#lines.start || end > this.#lines.end) {
      this.#lines = {
        start: lineStart(this.#source, start),
        end: lineEnd(this.#source, end),
        isAlone: undefined,
      };
    }
    return this.#lines;
  }

  /** The innermost function that holds a comment's line; of one that begins on that line too. */
  functionAround(start: number, end: number): number | undefined {
    const { functions } = this.#read;
    const line = this.#linesOf(start, end);
    const last = firstFrom(functions, line.end) - 1;
    if (last < 0 || functions[last]!.start >= line.start) return last < 0 ? undefined : last;
    let index: number | undefined = last;
    while (index !== undefined && functions[index]!.end < end) index = functions[index]!.parent;
    return index;
  }

  /** Where the lines begin that only hold comments and annotations and lead to the function; its own start for none. */
  #headOf(index: number): number {
    const { start, parent } = this.#read.functions[index]!;
    const first = lineStart(this.#source, start);
    const before = this.#source.slice(first, start);
    if (!DECLARATION_START.test(before) && !(parent === undefined && CALL_START.test(before))) return start;
    let head = first;
    while (head > 0) {
      const above = lineStart(this.#source, head - 1);
      if (!this.#isBetween(above, head - 1)) break;
      head = above;
    }
    return head;
  }

  /** Whether a stretch is blank, comments, or an annotation. */
  #isBetween(start: number, end: number): boolean {
    const { comments } = this.#read;
    for (let at = start; at < end; ) {
      const next = firstFrom(comments, at + 1);
      const around = comments[next - 1];
      if (around !== undefined && around.end > at) at = around.end;
      else if (/\s/.test(this.#source[at]!)) at++;
      else return '#@['.includes(this.#source[at]!);
    }
    return true;
  }
}

function lineStart(source: string, at: number): number {
  return at === 0 ? 0 : source.lastIndexOf('\n', at - 1) + 1;
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
}
