/**
 * @file Files -> functions, some files at a time: each is read, outlined in a worker or from the index, and, when there is an
 * earlier text, compared with it. Neither scores nor models matter here.
 */

import type { ContextOptions } from '../dataset/changes/function-context.ts';
import type { ExtractionPool } from '../source/extraction-pool.ts';
import { languageOfPath } from '../source/languages.ts';
import { looksMinified } from '../source/source-filters.ts';
import { refusalReason } from '../source/source-refusal.ts';
import type { OutlineIndex } from './cache/outline-index.ts';
import { changedFunctions } from './diff/changed-functions.ts';
import type {
  FileOutline,
  FunctionOutline,
  ReadNote,
  ScanCounts,
  SkipReason,
  SuppressionProblem,
} from './finding.ts';
import { OUTLINE_JOB } from './outline-source.ts';
import type { Notices } from './walk/notices.ts';
import { readSource } from './walk/read-source.ts';
import type { SourceFile } from './walk/walk-tree.ts';

export interface FindFunctionsOptions {
  readonly files: readonly SourceFile[];
  /** Called when the first file has to be parsed. */
  readonly openPool: () => ExtractionPool;
  readonly outlines: OutlineIndex;
  readonly notices: Notices;
  readonly signal: AbortSignal;
  /** Given: only functions that are not as in this earlier text of the file; undefined for a new file. */
  readonly earlierText?: ((path: string) => Promise<string | undefined>) | undefined;
  /** Minified files that were not named are passed over unless told. */
  readonly includeMinified?: boolean;
  /** What is counted and not given; default: nothing. Generated files that were named are given. */
  readonly passOver?: PassOver;
  /** What of its file is read in front of a function; default: nothing. `outlines` are of the same context. */
  readonly functionContext?: ContextOptions | undefined;
  /** Told of every file that was parsed or refused: the functions of it that are wanted; default: all, or those that changed. */
  readonly choose?: (file: SourceFile, outline: FileOutline, text: string) => readonly FunctionOutline[];
  readonly onSuppressionProblem: (file: SourceFile, problem: SuppressionProblem) => void;
}

export interface PassOver {
  readonly trivial: boolean;
  readonly generated: boolean;
}

/** A text to score, and what its score is kept under. */
export interface CodeText {
  readonly codeKey: string;
  readonly code: string;
}

export interface FoundFunction {
  readonly file: SourceFile;
  readonly outline: FunctionOutline;
  readonly code: string;
  /** What the model reads in front of `code`; empty where that is nothing. */
  readonly context: string;
  /** When compared with a commit: what it was there, null for a function that is new. */
  readonly before: CodeText | null | undefined;
}

/** `files`: those that were read; what was passed over is in the notices. */
export type FileCounts = Pick<ScanCounts, 'files' | 'withoutFunctions' | 'onlyOutsideCode'>;

const FILES_AT_A_TIME = 16;
const PLACES_SHOWN = 5;

export class FunctionFinder {
  readonly #counts = { files: 0, withoutFunctions: 0, onlyOutsideCode: 0 };
  readonly #options: FindFunctionsOptions;
  #pool: ExtractionPool | undefined;

  constructor(options: FindFunctionsOptions) {
    this.#options = options;
  }

  /** The files that were read so far. */
  get counts(): FileCounts {
    return this.#counts;
  }

  /** The functions of each of some files, in their order. Throws the signal's reason. */
  async *found(): AsyncGenerator<readonly (readonly FoundFunction[])[]> {
    const { files, signal } = this.#options;
    try {
      for (let start = 0; start < files.length; start += FILES_AT_A_TIME) {
        signal.throwIfAborted();
        const batch = files.slice(start, start + FILES_AT_A_TIME);
        yield await Promise.all(batch.map((file) => this.#functionsOf(file)));
      }
    } finally {
      await this.#pool?.close();
    }
  }

  async #functionsOf(fromPath: SourceFile): Promise<FoundFunction[]> {
    const { path } = fromPath;
    const { notices, earlierText, onSuppressionProblem } = this.#options;
    const source = await readSource(path);
    if ('skipped' in source) {
      notices.add(source.skipped, path);
      return [];
    }
    if (this.#options.includeMinified !== true && fromPath.isNamed !== true && looksMinified(source.text)) {
      notices.add('minified', path);
      return [];
    }
    for (const note of source.notes) notices.add(note, path);
    // Only the text of a C header says whether it is C++.
    const file: SourceFile = { path, language: languageOfPath(path, source.text) ?? fromPath.language };
    const outline = await this.#outline(source.text, source.contentHash, file);
    this.#countFile(path, outline);
    for (const problem of outline.problems) onSuppressionProblem(file, problem);
    if (
      this.#options.passOver?.generated === true &&
      outline.isGenerated === true &&
      fromPath.isNamed !== true
    ) {
      notices.add('generated code', path);
      return [];
    }
    const pending = (one: FunctionOutline, before: FoundFunction['before']): FoundFunction => ({
      file,
      outline: one,
      // A slice would keep the whole file's text in memory.
      code: Buffer.from(source.text.slice(one.start, one.end), 'utf16le').toString('utf16le'),
      context: one.context?.text ?? '',
      before,
    });
    if (earlierText === undefined) {
      const chosen = this.#options.choose?.(file, outline, source.text) ?? outline.functions;
      return this.#worthScoring(path, chosen, (one) => one).map((one) => pending(one, undefined));
    }
    const earlier = (await earlierText(path)) ?? '';
    const old = await this.#outline(earlier, undefined, file);
    const changed = changedFunctions(old.functions, outline.functions);
    return this.#worthScoring(path, changed, ({ after }) => after).map(({ after, before }) =>
      pending(
        after,
        before === undefined
          ? null
          : {
              codeKey: before.codeKey,
              code: (before.context?.text ?? '') + earlier.slice(before.start, before.end),
            },
      ),
    );
  }

  /** Without trivial functions where those are passed over; how many there were is in the notices. */
  #worthScoring<T>(path: string, all: readonly T[], outlineOf: (one: T) => FunctionOutline): readonly T[] {
    if (this.#options.passOver?.trivial !== true) return this.#countContexts(path, all, outlineOf);
    for (const reason of ['empty body', 'one value'] as const)
      this.#count(reason, path, all, (one) => outlineOf(one).trivial === reason);
    const worth = all.filter((one) => outlineOf(one).trivial === undefined);
    return this.#countContexts(path, worth, outlineOf);
  }

  /** The same functions; how many of them have no context, or one that was cut, is in the notices. */
  #countContexts<T>(path: string, all: readonly T[], outlineOf: (one: T) => FunctionOutline): readonly T[] {
    this.#count('no context', path, all, (one) => outlineOf(one).context?.text === '');
    this.#count('context cut', path, all, (one) => (outlineOf(one).context?.cut ?? 0) > 0);
    return all;
  }

  #count<T>(
    reason: SkipReason | ReadNote,
    path: string,
    all: readonly T[],
    isOne: (one: T) => boolean,
  ): void {
    const count = all.filter(isOne).length;
    if (count > 0) this.#options.notices.add(reason, path, undefined, count);
  }

  /** What the reader has to know of a file besides its functions. */
  #countFile(path: string, outline: FileOutline): void {
    const { notices } = this.#options;
    const { refused, functions, hasErrors, hasOutsideCode, unread } = outline;
    if (refused !== undefined) {
      notices.add('not parsed', path, refused);
      return;
    }
    this.#counts.files++;
    if (hasErrors === true) notices.add('parsed in part', path);
    if (unread !== undefined) notices.add('unread function', path, placesOf(unread), unread.length);
    if (hasOutsideCode === true) notices.add('code outside functions', path);
    if (functions.length > 0) return;
    this.#counts.withoutFunctions++;
    if (hasOutsideCode === true) this.#counts.onlyOutsideCode++;
  }

  async #outline(source: string, contentHash: string | undefined, file: SourceFile): Promise<FileOutline> {
    const { outlines, openPool, signal, functionContext: context } = this.#options;
    if (source === '') return { functions: [], problems: [] };
    const key = contentHash === undefined ? undefined : `${contentHash}.${file.language}`;
    const known = key === undefined ? undefined : outlines.get(key);
    if (known !== undefined) return known;
    this.#pool ??= openPool();
    try {
      const made = await this.#pool.run(OUTLINE_JOB, { source, language: file.language, context }, signal);
      if (key !== undefined) outlines.add(key, made);
      return made;
    } catch (error) {
      signal.throwIfAborted();
      const refused = refusalReason(error) ?? parserFailure(error);
      if (refused === undefined) throw error;
      return { functions: [], problems: [], refused };
    }
  }
}

/** `lines 80-101, 120` */
function placesOf(unread: NonNullable<FileOutline['unread']>): string {
  const shown = unread
    .slice(0, PLACES_SHOWN)
    .map(({ startLine, endLine }) => (startLine === endLine ? `${startLine}` : `${startLine}-${endLine}`));
  const isOne = unread.length === 1 && !shown[0]!.includes('-');
  return `${isOne ? 'line' : 'lines'} ${shown.join(', ')}${unread.length > PLACES_SHOWN ? ', ...' : ''}`;
}

/** Stack and memory that a source's nesting used up; anything else is a bug and has to be seen. */
function parserFailure(error: unknown): string | undefined {
  const isOne = error instanceof Error && /stack|memory|recursion/i.test(error.message);
  return isOne ? 'the parser ran out of stack or memory' : undefined;
}
