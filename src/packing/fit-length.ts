/** @file What becomes of a function with more tokens than the model is given. Knows ids only, not where they are from. */
import { invariant } from '../base/errors.ts';

export type LongFunctions = 'truncate' | 'head_tail' | 'drop';

/** Training may leave functions out; a score is asked for each, and figures are of all. */
export function keepAll(longFunctions: LongFunctions): LongFunctions {
  return longFunctions === 'drop' ? 'truncate' : longFunctions;
}

export interface FittedFunction {
  readonly ids: number[];
  readonly truncated: boolean;
}

/**
 * Token ids cut to maxLength; undefined when the function is to be dropped. `truncate` keeps the first maxLength tokens,
 * `head_tail` the first ceil(maxLength / 2) and the last floor(maxLength / 2): a signature and what is returned. The last
 * `endCount`, which a tokenizer puts behind every text, stay at the end, as when Transformers truncates.
 */
export function fitLength(
  ids: readonly number[],
  maxLength: number,
  longFunctions: LongFunctions,
  endCount = 0,
): FittedFunction | undefined {
  invariant(
    Number.isSafeInteger(maxLength) && maxLength > 0,
    `max length ${maxLength} is not a positive integer`,
  );
  if (ids.length <= maxLength) return { ids: [...ids], truncated: false };
  switch (longFunctions) {
    case 'truncate':
      return headAndTail(ids, maxLength, Math.min(endCount, maxLength - 1));
    case 'head_tail':
      return headAndTail(ids, maxLength, Math.floor(maxLength / 2));
    case 'drop':
      return undefined;
  }
}

function headAndTail(ids: readonly number[], maxLength: number, tail: number): FittedFunction {
  return { ids: [...ids.slice(0, maxLength - tail), ...ids.slice(ids.length - tail)], truncated: true };
}
