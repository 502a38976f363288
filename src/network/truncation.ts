/**
 * @file What is lost where functions are cut: how many are, and how many pairs of a vulnerable function and its fix read
 * the same, because what differs lies beyond the cut. Such a pair teaches nothing but that both answers are right.
 */
import type { EncodedFunction } from './encode-functions.ts';

/** What is known of a function: the pair that it belongs to, and its label. */
export interface PairedFunction {
  readonly pair?: string;
  readonly target?: 0 | 1;
}

export interface Truncation {
  readonly functions: number;
  /** Longer than what is read of them. */
  readonly truncated: number;
  /** Pairs of a vulnerable function and another one. */
  readonly pairs: number;
  /** Pairs whose two functions are the same token ids. */
  readonly identicalPairs: number;
}

export interface FoundTruncation extends Truncation {
  /** Rows of the functions of identical pairs, ascending. */
  readonly identicalRows: readonly number[];
}

type Encoded = Pick<EncodedFunction, 'ids' | 'truncated'> | undefined;

/** `encoded` as `encodeFunctions` gives it: undefined for a function that is left out, whose pair is then not counted. */
export function findTruncation(
  functions: readonly PairedFunction[],
  encoded: readonly Encoded[],
): FoundTruncation {
  const identicalRows: number[] = [];
  let identicalPairs = 0;
  let pairs = 0;
  for (const rows of pairedRows(functions).values()) {
    const read = rows.filter((row) => encoded[row] !== undefined);
    const vulnerable = read.filter((row) => functions[row]!.target === 1);
    const others = read.filter((row) => functions[row]!.target === 0);
    if (vulnerable.length === 0 || others.length === 0) continue;
    pairs++;
    const alike = (row: number, among: readonly number[]) =>
      among.some((other) => sameIds(encoded[row]!.ids, encoded[other]!.ids));
    const same = [
      ...vulnerable.filter((row) => alike(row, others)),
      ...others.filter((row) => alike(row, vulnerable)),
    ];
    if (same.length === 0) continue;
    identicalPairs++;
    identicalRows.push(...same);
  }
  return {
    functions: functions.length,
    truncated: encoded.filter((one) => one === undefined || one.truncated).length,
    pairs,
    identicalPairs,
    identicalRows: identicalRows.sort((a, b) => a - b),
  };
}

/** The rows of each pair that has more than one. */
export function pairedRows(functions: readonly PairedFunction[]): ReadonlyMap<string, readonly number[]> {
  const rows = new Map<string, number[]>();
  for (const [row, { pair }] of functions.entries()) {
    if (pair === undefined) continue;
    const found = rows.get(pair);
    if (found === undefined) rows.set(pair, [row]);
    else found.push(row);
  }
  return new Map([...rows].filter(([, found]) => found.length > 1));
}

export function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
