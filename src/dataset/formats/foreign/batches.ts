/**
 * @file What a reader of a foreign file gives, in batches: a message for each row would cost more than the rows. Runs in
 * the worker.
 */
import { tellAlive } from '../../../workers/tell-alive.ts';
import type { FormatContext } from '../format.ts';

export interface Batch<Item> {
  readonly items: readonly Item[];
  /** Rows left out since the last batch, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

const MOST_ITEMS = 512;
const MOST_CHARACTERS = 4 * 2 ** 20;

/** `charactersOf` an item, about: batches of long ones are shorter. What came before an error is given before it. */
export async function* inBatches<Item>(
  read: (context: Pick<FormatContext, 'tally' | 'onBytes'>) => AsyncIterable<Item>,
  charactersOf: (item: Item) => number,
): AsyncGenerator<Batch<Item>> {
  let leftOut: Record<string, number> = {};
  let items: Item[] = [];
  let characters = 0;
  const take = (): Batch<Item> => {
    const batch = { items, leftOut };
    [items, leftOut, characters] = [[], {}, 0];
    return batch;
  };
  const tally = {
    add: (reason: string, count = 1) => {
      leftOut[reason] = (leftOut[reason] ?? 0) + count;
    },
  };
  try {
    for await (const item of read({ tally, onBytes: tellAlive })) {
      items.push(item);
      characters += charactersOf(item);
      if (items.length >= MOST_ITEMS || characters >= MOST_CHARACTERS) yield take();
    }
  } catch (error) {
    if (items.length > 0) yield take();
    throw error;
  }
  if (items.length > 0 || Object.keys(leftOut).length > 0) yield take();
}
