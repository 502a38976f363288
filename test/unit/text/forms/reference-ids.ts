/** @file Ids as test/fixtures/tokenizers keeps them, of which whole lists would be ten times as large. */
import { createHash } from 'node:crypto';

/** "count:hash". */
export const summaryOf = (ids: readonly number[]): string =>
  `${ids.length}:${createHash('sha256').update(ids.join()).digest('hex').slice(0, 8)}`;
