/** @file Scores of lines on disk, one text line a function. Knows nothing of models but the key it is given. */
import { join } from 'node:path';
import { fileCache, type KeyedCache, memoryCache } from './keyed-cache.ts';

/** One score a line of the function. */
export type LineCache = KeyedCache<readonly number[]>;

export const memoryLineCache = (): LineCache => memoryCache();

/** Of one model in `folder`. */
export function fileLineCache(folder: string, key: string, onFailure: (cause: unknown) => void): LineCache {
  return fileCache(
    join(folder, `lines-${key}.txt`),
    {
      format: (scores) => scores.join(' '),
      parse: (text) => {
        if (!/^[\d.e+-]+(?: [\d.e+-]+)*$/.test(text)) return undefined;
        const scores = text.split(' ').map(Number);
        return scores.every(Number.isFinite) ? scores : undefined;
      },
    },
    onFailure,
  );
}
