/**
 * @file Vulnerable functions, each with one that is not and is as long: what is left of a score when length tells
 * nothing. Knows no score.
 */

interface SizedRecord {
  readonly code: string;
  readonly target: number;
}

/** Two lengths are alike when the longer is at most this many times the shorter. */
const MOST_RATIO = 1.05;

/**
 * Greedy, by length: the shortest functions are matched first, each at most once; a vulnerable function without a match
 * is left out. O(n log n). The lengths of the two sides then differ by 5% at most, in any direction.
 *
 * @returns rows of both sides, ascending
 */
export function matchByLength(records: readonly SizedRecord[]): Uint32Array {
  const rowsOf = (target: number) =>
    records
      .flatMap((record, row) => (record.target === target ? [row] : []))
      .sort((a, b) => records[a]!.code.length - records[b]!.code.length || a - b);
  const [vulnerable, others] = [rowsOf(1), rowsOf(0)];
  const matched: number[] = [];
  let next = 0;
  for (const row of vulnerable) {
    const length = records[row]!.code.length;
    while (next < others.length && records[others[next]!]!.code.length * MOST_RATIO < length) next++;
    const other = others[next];
    if (other === undefined || records[other]!.code.length > length * MOST_RATIO) continue;
    matched.push(row, other);
    next++;
  }
  return Uint32Array.from(matched).sort();
}
