/** @file Scores on disk, one line per function; a key stands for the model. */
import { join } from 'node:path';
import { fileCache, type KeyedCache, memoryCache } from './keyed-cache.ts';

export interface CachedScore {
  readonly score: number;
  readonly truncated: boolean;
}

export type ScoreCache = KeyedCache<CachedScore>;

export const memoryScoreCache = (): ScoreCache => memoryCache();

/** The scores of one model (adapter, base, length) in `folder`. */
export function fileScoreCache(
  folder: string,
  modelKey: string,
  onFailure: (cause: unknown) => void,
): ScoreCache {
  return fileCache(
    join(folder, `scores-${modelKey}.txt`),
    {
      format: ({ score, truncated }) => `${score} ${truncated ? 1 : 0}`,
      parse: (text) => {
        const [, number, truncated] = /^([\d.e-]+) ([01])$/.exec(text) ?? [];
        const score = Number(number);
        return score >= 0 && score <= 1 ? { score, truncated: truncated === '1' } : undefined;
      },
    },
    onFailure,
  );
}
