/**
 * @file Answers that were given, on disk under a key of all that they depend on: a run that is stopped is resumed by the same
 * command. Only answers are kept, never failures, and never a key of an API.
 */
import { join } from 'node:path';
import { fileCache, type KeyedCache, memoryCache } from '../scan/cache/keyed-cache.ts';
import { jsonOrUndefined } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';

const count = z.int().min(0);

const cachedAnswer = z.strictObject({
  /** Undefined where only probabilities were read. */
  text: z.string().max(1_000_000).optional(),
  /** The likeliest first tokens with their log probabilities, as a server names them: which of them is a yes is decided later. */
  top: z
    .array(z.tuple([z.string().max(200), z.number()]))
    .max(20)
    .optional(),
  /** Probability of the first token being one of a yes, and of a no; known of a model on this machine. */
  yes: z.number().min(0).max(1).optional(),
  no: z.number().min(0).max(1).optional(),
  truncated: z.boolean(),
  /** As the server said and as far as it is believed; own: as they are counted here. */
  usage: z.strictObject({ prompt: count, completion: count }).optional(),
  own: z.strictObject({ prompt: count, completion: count }).optional(),
});

export type CachedAnswer = z.output<typeof cachedAnswer>;
export type AnswerCache = KeyedCache<CachedAnswer>;

export const memoryAnswerCache = (): AnswerCache => memoryCache();

/** @param onFailure called once where the disk takes no further line; the answers are then kept in memory */
export function fileAnswerCache(folder: string, onFailure: (cause: unknown) => void): AnswerCache {
  return fileCache(
    join(folder, 'answers-1.txt'),
    {
      // One line of ASCII each.
      format: (answer) =>
        JSON.stringify(answer).replaceAll(
          /[^\x20-\x7e]/g,
          (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
        ),
      parse: (line) => jsonOrUndefined(cachedAnswer, line),
    },
    onFailure,
  );
}
