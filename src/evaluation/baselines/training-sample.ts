/** @file Bounds what a baseline is fitted on, so that its memory does not grow with the dataset. */
import { randomStream } from '../../base/random.ts';
import type { LabelledFunction } from './baseline.ts';

/**
 * The functions themselves when they have at most so many characters of code, else a random sample (always the same
 * one, in the input's order) that fits; at least one function of each label is in it, whatever its length.
 */
export function sampleWithin(
  functions: readonly LabelledFunction[],
  maxCharacters: number,
): readonly LabelledFunction[] {
  if (functions.reduce((sum, entry) => sum + entry.code.length, 0) <= maxCharacters) return functions;
  const order = randomStream(0, 'training-sample').shuffle([...functions.keys()]);
  const kept = new Set<number>();
  let left = maxCharacters;
  const keep = (index: number) => {
    kept.add(index);
    left -= functions[index]!.code.length;
  };
  for (const target of [0, 1]) {
    const first = order.find((index) => functions[index]!.target === target);
    if (first !== undefined) keep(first);
  }
  for (const index of order) {
    if (!kept.has(index) && functions[index]!.code.length <= left) keep(index);
  }
  return functions.filter((_, index) => kept.has(index));
}
