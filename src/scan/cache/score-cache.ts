/** @file Scores on disk, one line a function. Knows nothing of models but the key it is given. */
import { join } from 'node:path';
import { openAppendLog } from './append-log.ts';

export interface CachedScore {
  readonly score: number;
  readonly truncated: boolean;
}

export interface ScoreCache {
  readonly get: (codeKey: string) => CachedScore | undefined;
  readonly add: (entries: readonly (readonly [codeKey: string, score: CachedScore])[]) => void;
}

/** Nothing is kept beyond this process. */
export function memoryScoreCache(): ScoreCache {
  const scores = new Map<string, CachedScore>();
  return {
    get: (key) => scores.get(key),
    add: (entries) => {
      for (const [key, score] of entries) scores.set(key, score);
    },
  };
}

/**
 * The scores of one model (adapter, base, length) in `folder`. A line that is damaged is left out: its function is scored again.
 * When the disk does not take a line, `onFailure` is called once and the scan goes on in memory.
 */
export function fileScoreCache(
  folder: string,
  modelKey: string,
  onFailure: (cause: unknown) => void,
): ScoreCache {
  const log = openAppendLog(join(folder, `scores-${modelKey}.txt`), onFailure);
  const memory = memoryScoreCache();
  memory.add(parseLines(log.text));
  return {
    get: memory.get,
    add: (entries) => {
      memory.add(entries);
      log.append(entries.map(([key, { score, truncated }]) => `${key} ${score} ${truncated ? 1 : 0}\n`));
    },
  };
}

const LINE = /^([\w-]{22}) ([\d.e-]+) ([01])$/gm;

function parseLines(text: string): (readonly [string, CachedScore])[] {
  const entries: (readonly [string, CachedScore])[] = [];
  for (const [, key, number, truncated] of text.matchAll(LINE)) {
    const score = Number(number);
    // A key kept as it stands would hold on to the whole file's text.
    if (score >= 0 && score <= 1)
      entries.push([Buffer.from(key!, 'latin1').toString('latin1'), { score, truncated: truncated === '1' }]);
  }
  return entries;
}
