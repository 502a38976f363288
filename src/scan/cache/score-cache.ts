/** @file Scores on disk, one line per function; a key stands for the model. */
import { join } from 'node:path';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { fileCache, type KeyedCache, memoryCache } from './keyed-cache.ts';

export interface CachedScore {
  readonly score: number;
  readonly truncated: boolean;
  /** Where the judge names any: most probable first. */
  readonly cwes?: readonly CweProbability[];
}

export type ScoreCache = KeyedCache<CachedScore>;

export const memoryScoreCache = (): ScoreCache => memoryCache();

const LINE = /^([\d.e-]+) ([01])((?: CWE-\d{1,5}:[01](?:\.\d{1,8})?){0,9})$/;
const CWE = /(CWE-\d+):([\d.]+)/g;

/** The scores of one model (adapter, base, length) in `folder`. */
export function fileScoreCache(
  folder: string,
  modelKey: string,
  onFailure: (cause: unknown) => void,
): ScoreCache {
  return fileCache(
    join(folder, `scores-${modelKey}.txt`),
    {
      format: ({ score, truncated, cwes = [] }) =>
        [score, truncated ? 1 : 0, ...cwes.map(({ id, probability }) => `${id}:${probability}`)].join(' '),
      parse: (text) => {
        const [, number, truncated, named = ''] = LINE.exec(text) ?? [];
        const score = Number(number);
        if (!(score >= 0 && score <= 1)) return undefined;
        const cwes = [...named.matchAll(CWE)].map(([, id, probability]) => ({
          id: id!,
          probability: Number(probability),
        }));
        return { score, truncated: truncated === '1', ...(cwes.length === 0 ? {} : { cwes }) };
      },
    },
    onFailure,
  );
}
