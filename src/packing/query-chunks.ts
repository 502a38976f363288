/**
 * @file In how many equal chunks attention takes the queries of a row, and the row lengths that can be cut so. What
 * causality hides from a chunk is never computed; smaller products cost more, so short rows stay whole.
 */

/** From so many slots on, what chunks of queries save is more than what smaller products cost. */
const CHUNKED_FROM = [
  { slots: 384, chunks: 8 },
  { slots: 256, chunks: 4 },
  { slots: 128, chunks: 2 },
] as const;

/** 1 where a row's length is not a multiple. */
export function queryChunks(rowLength: number): number {
  return (
    CHUNKED_FROM.find(({ slots, chunks }) => rowLength >= slots && rowLength % chunks === 0)?.chunks ?? 1
  );
}

/** Multiples of every number of chunks that rows of such lengths, rounded up, can come to have. */
const ROUNDED_FROM = [
  { slots: 384, multiple: 8 },
  { slots: 128, multiple: 4 },
] as const;

/** Slots of the rows for functions of up to so many tokens: a few more than the longest has where rows are long. */
export function rowSlots(longest: number): number {
  const multiple = ROUNDED_FROM.find(({ slots }) => longest >= slots)?.multiple ?? 1;
  return Math.ceil(longest / multiple) * multiple;
}
