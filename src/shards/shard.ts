/** @file Which share of a job one process does: shard 2 of 4, and the keys that are its own. Says nothing about jobs. */
import { createHash } from 'node:crypto';

/** `index` is 1-based: 1 to `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Every part of a job names all others' number; more of them than this would cost more than they save. */
export const MOST_SHARDS = 1000;

/** `2/4`; undefined for any other text. */
export function parseShard(text: string): Shard | undefined {
  const [, first, second] = /^\s*(\d{1,4})\s*\/\s*(\d{1,4})\s*$/.exec(text) ?? [];
  const [index, count] = [Number(first), Number(second)];
  return index >= 1 && index <= count && count <= MOST_SHARDS ? { index, count } : undefined;
}

export const formatShard = ({ index, count }: Shard): string => `${index}/${count}`;

/**
 * Whether the nth piece of work, counted from 0, is the shard's. Pieces are dealt out in turn, so that a dozen are spread as evenly as a
 * thousand; all shards have to count the same pieces in the same order.
 */
export const ownsTurn = ({ index, count }: Shard, turn: number): boolean => turn % count === index - 1;

/** Whether the work with this key is the shard's. Every key is exactly one shard's, on every machine the same one's. */
export function ownsKey({ index, count }: Shard, key: string): boolean {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) % count === index - 1;
}
