/**
 * @file Files -> functions -> scores, window by window: memory does not grow with the tree, and what was scored when
 * the scan is stopped is in the cache. Knows neither models nor outputs.
 */

import type { Judge } from '../judging/judge.ts';
import type { ExtractionPool } from '../source/extraction-pool.ts';
import { languageOfPath } from '../source/languages.ts';
import { looksMinified } from '../source/source-filters.ts';
import { refusalReason } from '../source/source-refusal.ts';
import type { OutlineIndex } from './cache/outline-index.ts';
import type { CachedScore, ScoreCache } from './cache/score-cache.ts';
import { changedFunctions } from './diff/changed-functions.ts';
import type { FileOutline, FunctionOutline, ScanCounts, SuppressionProblem } from './finding.ts';
import { OUTLINE_JOB } from './outline-source.ts';
import { type ScoreNeed, scoreMissing } from './score-missing.ts';

import type { Notices } from './walk/notices.ts';
import { readSource } from './walk/read-source.ts';
import type { SourceFile } from './walk/walk-tree.ts';

export interface ScannedFunction {
  readonly file: SourceFile;
  readonly outline: FunctionOutline;
  readonly code: string;
  readonly score: CachedScore;
  /** When compared with a commit: null for a function that is new. */
  readonly before?: CachedScore | null;
}

export interface ScanFilesOptions {
  readonly files: readonly SourceFile[];
  /** Called when the first file has to be parsed. */
  readonly openPool: () => ExtractionPool;
  /** Called when the first score is missing. */
  readonly openJudge: () => Promise<Judge>;
  readonly outlines: OutlineIndex;
  readonly scores: ScoreCache;
  readonly notices: Notices;
  readonly signal: AbortSignal;
  /** Given: only functions that are not as in this earlier text of the file; undefined for a new file. */
  readonly earlierText?: ((path: string) => Promise<string | undefined>) | undefined;
  /** Minified files that were not named are passed over unless told. */
  readonly includeMinified?: boolean;
  readonly limits?: Partial<WindowLimits>;
  readonly onFunction: (scanned: ScannedFunction) => void;
  readonly onSuppressionProblem: (file: SourceFile, problem: SuppressionProblem) => void;
  readonly onProgress: (progress: ScanProgress) => void;
}

export interface WindowLimits {
  /** Functions that are sorted by length and scored together. */
  readonly windowFunctions: number;
  /** How many functions one call of the model takes. */
  readonly functionsPerCall: number;
}

export interface ScanProgress {
  readonly done: number;
  /** Estimated from the files read so far. */
  readonly total: number;
}

/** `files`: those that were read; what was passed over is in the notices. */
export type ScanFilesCounts = Pick<
  ScanCounts,
  'files' | 'functions' | 'withoutFunctions' | 'onlyOutsideCode'
>;

export interface ScanFilesResult {
  readonly counts: ScanFilesCounts;
  /** Scores that came out of the cache: not in the report, which is the same whatever was kept. */
  readonly cached: number;
  readonly complete: boolean;
}

const DEFAULT_LIMITS: WindowLimits = { windowFunctions: 2048, functionsPerCall: 256 };
const WINDOW_CHARACTERS = 8_000_000;
const FILES_AT_A_TIME = 16;
const PLACES_SHOWN = 5;

interface Pending {
  readonly file: SourceFile;
  readonly outline: FunctionOutline;
  readonly code: string;
  readonly before: ScoreNeed | null | undefined;
}

/** An aborted signal ends the scan early (`complete: false`); every function whose score is known has been told by then. */
export async function scanFiles(options: ScanFilesOptions): Promise<ScanFilesResult> {
  const scan = new FileScan(options);
  try {
    await scan.run();
  } catch (error) {
    if (!options.signal.aborted) throw error;
    return scan.result(false);
  }
  return scan.result(true);
}

class FileScan {
  readonly #counts = { files: 0, functions: 0, withoutFunctions: 0, onlyOutsideCode: 0 };
  readonly #options: ScanFilesOptions;
  readonly #limits: WindowLimits;
  #pool: ExtractionPool | undefined;
  #judge: Judge | undefined;
  #window: Pending[] = [];
  #windowCharacters = 0;
  #outlined = 0;
  #filesSeen = 0;
  #cached = 0;

  constructor(options: ScanFilesOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  result(complete: boolean): ScanFilesResult {
    return { counts: this.#counts, cached: this.#cached, complete };
  }

  async run(): Promise<void> {
    const { files, signal } = this.#options;
    try {
      for (let start = 0; start < files.length; start += FILES_AT_A_TIME) {
        signal.throwIfAborted();
        const batch = files.slice(start, start + FILES_AT_A_TIME);
        for (const pending of await Promise.all(batch.map((file) => this.#functionsOf(file)))) {
          this.#filesSeen++;
          for (const one of pending) await this.#take(one);
        }
        this.#tellProgress(0);
      }
      await this.#flush();
    } finally {
      // Stopped while files were read: what waits may have scores from an earlier scan.
      for (const pending of this.#window) this.#tell(pending);
      await this.#pool?.close();
    }
  }

  async #functionsOf(fromPath: SourceFile): Promise<Pending[]> {
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
    const pending = (one: FunctionOutline, before: Pending['before']): Pending => ({
      file,
      outline: one,
      // A slice would keep the whole file's text in memory.
      code: Buffer.from(source.text.slice(one.start, one.end), 'utf16le').toString('utf16le'),
      before,
    });
    if (earlierText === undefined) return outline.functions.map((one) => pending(one, undefined));
    const earlier = (await earlierText(path)) ?? '';
    const old = await this.#outline(earlier, undefined, file);
    return changedFunctions(old.functions, outline.functions).map(({ after, before }) =>
      pending(
        after,
        before === undefined
          ? null
          : { codeKey: before.codeKey, code: earlier.slice(before.start, before.end) },
      ),
    );
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
    const { outlines, openPool, signal } = this.#options;
    if (source === '') return { functions: [], problems: [] };
    const key = contentHash === undefined ? undefined : `${contentHash}.${file.language}`;
    const known = key === undefined ? undefined : outlines.get(key);
    if (known !== undefined) return known;
    this.#pool ??= openPool();
    try {
      const made = await this.#pool.run(OUTLINE_JOB, { source, language: file.language }, signal);
      if (key !== undefined) outlines.add(key, made);
      return made;
    } catch (error) {
      signal.throwIfAborted();
      const refused = refusalReason(error) ?? parserFailure(error);
      if (refused === undefined) throw error;
      return { functions: [], problems: [], refused };
    }
  }

  async #take(pending: Pending): Promise<void> {
    this.#outlined++;
    this.#window.push(pending);
    this.#windowCharacters += pending.code.length + (pending.before?.code.length ?? 0);
    const isFull =
      this.#window.length >= this.#limits.windowFunctions || this.#windowCharacters >= WINDOW_CHARACTERS;
    if (isFull) await this.#flush();
  }

  async #flush(): Promise<void> {
    const { scores, openJudge, signal } = this.#options;
    const window = this.#window;
    this.#window = [];
    this.#windowCharacters = 0;
    const needs = new Map<string, string>();
    for (const { outline, code, before } of window) {
      if (scores.get(outline.codeKey) === undefined) needs.set(outline.codeKey, code);
      else this.#cached++;
      if (before != null && scores.get(before.codeKey) === undefined) needs.set(before.codeKey, before.code);
    }
    try {
      if (needs.size === 0) return;
      if (this.#judge === undefined) {
        this.#judge = await openJudge();
        // The speed that is shown begins here.
        this.#tellProgress(0);
      }
      await scoreMissing(needs, {
        judge: this.#judge,
        scores,
        signal,
        functionsPerCall: this.#limits.functionsPerCall,
        onProgress: (done) => this.#tellProgress((done / needs.size) * window.length),
      });
    } finally {
      for (const pending of window) this.#tell(pending);
    }
  }

  /** Nothing, when the scan was stopped before it had its score. */
  #tell({ file, outline, code, before }: Pending): void {
    const { scores, onFunction } = this.#options;
    const score = scores.get(outline.codeKey);
    const scoreBefore = before == null ? before : scores.get(before.codeKey);
    if (score === undefined || (before != null && scoreBefore === undefined)) return;
    this.#counts.functions++;
    onFunction({ file, outline, code, score, ...(scoreBefore === undefined ? {} : { before: scoreBefore }) });
  }

  #tellProgress(inWindow: number): void {
    const { files, onProgress } = this.#options;
    const total = Math.round((this.#outlined / Math.max(1, this.#filesSeen)) * files.length);
    onProgress({ done: this.#counts.functions + inWindow, total: Math.max(total, this.#outlined) });
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
