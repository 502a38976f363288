/** @file Any tokens, whose keys and values are handed on as well: what fills the cache of generation. */
import type { Value } from '../../graph/graph.ts';
import type { Tokens } from './tokens.ts';

/** `keep` is given keys and values as attention reads them, [N, K*d], turned by their positions. */
export function keptTokens(tokens: Tokens, keep: (key: Value, value: Value) => void): Tokens {
  return {
    ...tokens,
    attend: (attention, query, key, value) => {
      keep(key, value);
      return tokens.attend(attention, query, key, value);
    },
  };
}
