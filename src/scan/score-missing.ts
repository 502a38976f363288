/** @file Texts without a score get one: sorted by length, a few at a time, each kept as soon as it is known. */

import type { Judge } from '../judging/judge.ts';
import type { ScoreCache } from './cache/score-cache.ts';

export interface ScoreNeed {
  readonly codeKey: string;
  readonly code: string;
}

export interface ScoreMissingOptions {
  readonly judge: Judge;
  readonly scores: ScoreCache;
  readonly signal: AbortSignal;
  readonly functionsPerCall: number;
  readonly onProgress: (done: number) => void;
}

/** About 2,000 tokens, two passes of a model: what Ctrl-C may cost, seconds of a small model on a laptop. */
const CHARACTERS_PER_CALL = 6_000;

/** Throws the signal's reason when it is aborted; what was scored by then is in the cache. */
export async function scoreMissing(
  needs: ReadonlyMap<string, string>,
  { judge, scores, signal, functionsPerCall, onProgress }: ScoreMissingOptions,
): Promise<void> {
  // Neighbours of like length: little is lost to packing. The key makes the order that of the texts, not of the files.
  const sorted = [...needs].sort(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1));
  let done = 0;
  for (let start = 0; start < sorted.length; ) {
    signal.throwIfAborted();
    const end = endOfCall(sorted, start, functionsPerCall);
    const chunk = sorted.slice(start, end);
    const { scores: found, truncated } = await judge.judge(
      chunk.map(([, code]) => code),
      { signal, onProgress: ({ functions }) => onProgress(done + functions) },
    );
    scores.add(chunk.map(([key], i) => [key, { score: found[i]!, truncated: truncated[i]! }]));
    done += chunk.length;
    onProgress(done);
    start = end;
  }
}

function endOfCall(sorted: readonly (readonly [string, string])[], start: number, most: number): number {
  let [end, characters] = [start, 0];
  while (end < sorted.length && end - start < most && (end === start || characters < CHARACTERS_PER_CALL)) {
    characters += sorted[end]![1].length;
    end++;
  }
  return end;
}
