/** @file What the parts of all shards hold for each function, in the order of the functions. Knows no kind of item. */
import { VultuneError } from '../base/errors.ts';
import type { z } from '../schema/zod.ts';
import { checkItem, type ShardFile } from './shard-file.ts';

interface Refusal {
  readonly message: string;
  readonly hint?: string;
}

export interface JoinedItems<Item extends { readonly at: number }, Value> {
  readonly schema: z.ZodType<Item>;
  /** Functions of the whole job. */
  readonly count: number;
  /** Undefined for an item that is not the function's at its place. */
  readonly valueIn: (item: Item) => Value | undefined;
  /** What is said of an item that is there twice or has no place. */
  readonly unexpected: (at: number) => Refusal;
  /** What is said of a function without an item. */
  readonly missing: (at: number) => Refusal;
}

/** @throws VultuneError `SHARD_BROKEN` for an item that is missing, twice, or of no function */
export function joinItems<Item extends { readonly at: number }, Value>(
  parts: readonly ShardFile[],
  { schema, count, valueIn, unexpected, missing }: JoinedItems<Item, Value>,
): readonly Value[] {
  const joined = new Array<Value | undefined>(count).fill(undefined);
  for (const part of parts) {
    for (let number = 0; number < part.items.length; number++) {
      const item = checkItem(schema, part, number);
      const value = item.at < count ? valueIn(item) : undefined;
      if (value === undefined || joined[item.at] !== undefined) {
        throw broken(unexpected(item.at), { file: part.path, line: number + 2 });
      }
      joined[item.at] = value;
    }
  }
  return joined.map((value, at) => {
    if (value === undefined) throw broken(missing(at));
    return value;
  });
}

function broken(
  { message, hint }: Refusal,
  where?: { readonly file: string; readonly line: number },
): VultuneError {
  return new VultuneError('SHARD_BROKEN', message, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
  });
}
