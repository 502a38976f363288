/** @file Scores of lines on disk, one text line per function; a key stands for the model. */
import { join } from 'node:path';
import { fileCache, type KeyedCache, memoryCache } from './keyed-cache.ts';

/** One score a line of the function. */
export type LineCache = KeyedCache<readonly number[]>;

export const memoryLineCache = (): LineCache => memoryCache();

/** The cache of one model in `folder`. */
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
