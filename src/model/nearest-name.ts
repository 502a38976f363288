/** @file The tensor name that one may have meant. Bounded, as the names come out of files. */
import { closest, distance } from 'fastest-levenshtein';

const LONGEST_NAME = 200;
const MOST_NAMES = 20_000;

/** Undefined where none of them is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const near = known.slice(0, MOST_NAMES).filter((other) => other.length <= LONGEST_NAME && other !== name);
  if (near.length === 0) return undefined;
  const nearest = closest(name, near);
  return distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3)) ? nearest : undefined;
}
