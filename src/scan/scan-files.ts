/**
 * @file Functions -> scores, window by window: memory does not grow with the tree, and what was scored when the scan is
 * stopped is in the cache. Knows neither models nor outputs.
 */

import type { Judge } from '../judging/judge.ts';
import { OwnShare } from '../shards/own-share.ts';
import { ownsTurn, type Shard } from '../shards/shard.ts';
import type { CachedScore, ScoreCache } from './cache/score-cache.ts';
import {
  type FileCounts,
  type FindFunctionsOptions,
  type FoundFunction,
  FunctionFinder,
} from './find-functions.ts';

export interface ScannedFunction extends Omit<FoundFunction, 'before'> {
  readonly score: CachedScore;
  /** When compared with a commit: null for a function that is new. */
  readonly before?: CachedScore | null;
}

export interface ScanFilesOptions extends FindFunctionsOptions {
  /** Called when the first score is missing. */
  readonly openJudge: () => Promise<Judge>;
  readonly scores: ScoreCache;
  readonly limits?: Partial<WindowLimits>;
  readonly onFunction: (scanned: ScannedFunction) => void;
  /** Told of every function that is to have a score, in the order of the files. */
  readonly onFound?: (found: FoundFunction) => void;
  /** Given: only the calls of one shard are made, and no function is told. */
  readonly share?: CallShare;
  readonly onProgress: (progress: ScanProgress) => void;
}

/**
 * The share of a scan's calls that one process makes. Calls hold the same texts whatever the shards, because a score's last bits depend
 * on the texts that go through the model together: the shards' scores are those of one process.
 */
export interface CallShare {
  readonly shard: Shard;
  readonly onScores: (entries: readonly (readonly [codeKey: string, score: CachedScore])[]) => void;
}

export interface WindowLimits {
  /** Functions that are sorted by length and scored together. */
  readonly windowFunctions: number;
  /** How many functions one call of the model takes. */
  readonly functionsPerCall: number;
}

export interface ScanProgress {
  readonly done: number;
  /** Estimated from the files read so far; of a share its own functions alone. */
  readonly total: number;
}

export interface ScanFilesCounts extends FileCounts {
  readonly functions: number;
}

export interface ScanFilesResult {
  readonly counts: ScanFilesCounts;
  /** Scores that came out of the cache: not in the report, which is the same whatever was kept. */
  readonly cached: number;
  readonly complete: boolean;
}

const DEFAULT_LIMITS: WindowLimits = { windowFunctions: 2048, functionsPerCall: 256 };
const WINDOW_CHARACTERS = 8_000_000;
/** About 2,000 tokens, two passes of a model: what Ctrl-C may cost, seconds of a small model on a laptop. */
const CHARACTERS_PER_CALL = 6_000;

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
  readonly #options: ScanFilesOptions;
  readonly #finder: FunctionFinder;
  readonly #limits: WindowLimits;
  /** With a share: the texts of earlier windows, whichever shard scores them. */
  readonly #planned = new Set<string>();
  /** With a share: its functions of the windows so far. */
  readonly #own: OwnShare | undefined;
  #judge: Judge | undefined;
  #window: FoundFunction[] = [];
  #windowCharacters = 0;
  #found = 0;
  #scored = 0;
  #filesSeen = 0;
  /** With a share: calls of all shards so far. */
  #calls = 0;
  #cached = 0;

  constructor(options: ScanFilesOptions) {
    this.#options = options;
    this.#finder = new FunctionFinder(options);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#own = options.share && new OwnShare(options.share.shard);
  }

  result(complete: boolean): ScanFilesResult {
    const { files, ...without } = this.#finder.counts;
    return { counts: { files, functions: this.#scored, ...without }, cached: this.#cached, complete };
  }

  async run(): Promise<void> {
    try {
      for await (const files of this.#finder.found()) {
        for (const functions of files) {
          this.#filesSeen++;
          for (const one of functions) await this.#take(one);
        }
        this.#tellProgress();
      }
      await this.#flush();
    } finally {
      // Stopped while files were read: what waits may have scores from an earlier scan.
      for (const one of this.#window) this.#tell(one);
    }
  }

  async #take(one: FoundFunction): Promise<void> {
    this.#found++;
    this.#options.onFound?.(one);
    this.#window.push(one);
    this.#windowCharacters += one.context.length + one.code.length + (one.before?.code.length ?? 0);
    const isFull =
      this.#window.length >= this.#limits.windowFunctions || this.#windowCharacters >= WINDOW_CHARACTERS;
    if (isFull) await this.#flush();
  }

  async #flush(): Promise<void> {
    const window = this.#window;
    this.#window = [];
    this.#windowCharacters = 0;
    const needs = this.#needsOf(window);
    const calls = this.#ownCalls(callsOf(needs, this.#limits.functionsPerCall));
    // Progress is in functions, of which some need two scores and some none.
    const functionsOf = (texts: number) => (texts / Math.max(1, needs.size)) * window.length;
    const before = this.#own?.own ?? this.#scored;
    const texts = calls.reduce((sum, call) => sum + call.length, 0);
    this.#own?.divide(window.length, functionsOf(texts));
    try {
      await this.#score(calls, (done) => this.#tellProgress(before + functionsOf(done)));
      // A window may hold nothing of the share's: then fewer are left than were expected.
      if (this.#own !== undefined) this.#tellProgress();
    } finally {
      for (const one of window) this.#tell(one);
    }
  }

  /** The texts without a score; with a share those that no window before had, so that all shards find the same ones. */
  #needsOf(window: readonly FoundFunction[]): ReadonlyMap<string, string> {
    const { scores, share } = this.#options;
    const needs = new Map<string, string>();
    const isKnown = (key: string) =>
      share === undefined ? scores.get(key) !== undefined : this.#planned.has(key);
    for (const { outline, code, context, before } of window) {
      if (isKnown(outline.codeKey)) this.#cached++;
      else needs.set(outline.codeKey, context + code);
      if (before != null && !isKnown(before.codeKey)) needs.set(before.codeKey, before.code);
    }
    if (share !== undefined) for (const key of needs.keys()) this.#planned.add(key);
    return needs;
  }

  /** Those of the share, or all. */
  #ownCalls(calls: readonly Call[]): readonly Call[] {
    const { share } = this.#options;
    if (share === undefined) return calls;
    const first = this.#calls;
    this.#calls += calls.length;
    return calls.filter((_, i) => ownsTurn(share.shard, first + i));
  }

  /** Each score is kept as soon as it is known. Throws the signal's reason. */
  async #score(calls: readonly Call[], onProgress: (done: number) => void): Promise<void> {
    let done = 0;
    for (const call of calls) {
      this.#options.signal.throwIfAborted();
      await this.#call(call, (functions) => onProgress(done + functions));
      done += call.length;
      onProgress(done);
    }
  }

  /** A shard's call is made as a whole unless all of it is known: its texts go through the model together. */
  async #call(call: Call, onProgress: (done: number) => void): Promise<void> {
    const { scores, share, signal } = this.#options;
    const known = share && knownScores(call, scores);
    if (known !== undefined) {
      share?.onScores(known);
      return;
    }
    const judge = await this.#openJudge(() => onProgress(0));
    const {
      scores: found,
      truncated,
      cwes,
    } = await judge.judge(
      call.map(([, code]) => code),
      { signal, onProgress: ({ functions }) => onProgress(functions) },
    );
    const entries = call.map(
      ([key], i) =>
        [
          key,
          { score: found[i]!, truncated: truncated[i]!, ...(cwes === undefined ? {} : { cwes: cwes[i]! }) },
        ] as const,
    );
    scores.add(entries);
    share?.onScores(entries);
  }

  async #openJudge(onOpened: () => void): Promise<Judge> {
    if (this.#judge !== undefined) return this.#judge;
    this.#judge = await this.#options.openJudge();
    // The speed that is shown begins here.
    onOpened();
    return this.#judge;
  }

  /** Nothing, when the scan was stopped before it had its score. */
  #tell({ file, outline, code, context, before }: FoundFunction): void {
    const { scores, onFunction, share } = this.#options;
    if (share !== undefined) {
      this.#scored++;
      return;
    }
    const score = scores.get(outline.codeKey);
    const scoreBefore = before == null ? before : scores.get(before.codeKey);
    if (score === undefined || (before != null && scoreBefore === undefined)) return;
    this.#scored++;
    onFunction({
      file,
      outline,
      code,
      context,
      score,
      ...(scoreBefore === undefined ? {} : { before: scoreBefore }),
    });
  }

  /** @param done default: all that the windows so far hold */
  #tellProgress(done = this.#own?.own ?? this.#scored): void {
    const { files, onProgress } = this.#options;
    const estimated = Math.round((this.#found / Math.max(1, this.#filesSeen)) * files.length);
    const total = Math.max(estimated, this.#found);
    onProgress({ done, total: this.#own?.ownOf(total) ?? total });
  }
}

/** Texts that go through the model together, under their keys. */
type Call = readonly (readonly [codeKey: string, text: string])[];

function callsOf(needs: ReadonlyMap<string, string>, most: number): readonly Call[] {
  // Neighbours of like length: little is lost to packing. The key makes the order that of the texts, not of the files.
  const sorted = [...needs].sort(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1));
  const calls: Call[] = [];
  for (let start = 0; start < sorted.length; ) {
    const end = endOfCall(sorted, start, most);
    calls.push(sorted.slice(start, end));
    start = end;
  }
  return calls;
}

function endOfCall(sorted: Call, start: number, most: number): number {
  let [end, characters] = [start, 0];
  while (end < sorted.length && end - start < most && (end === start || characters < CHARACTERS_PER_CALL)) {
    characters += sorted[end]![1].length;
    end++;
  }
  return end;
}

/** Undefined unless all of a call's texts have a score. */
function knownScores(
  call: Call,
  scores: ScoreCache,
): readonly (readonly [string, CachedScore])[] | undefined {
  const known = call.flatMap(([key]) => {
    const score = scores.get(key);
    return score === undefined ? [] : [[key, score] as const];
  });
  return known.length === call.length ? known : undefined;
}
