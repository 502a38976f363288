/** @file A slice: a name and the rows of the test set that bear it. Knows no metric. */

/** What a slice may be made of; more fields do not matter. */
export interface SliceRecord {
  readonly code: string;
  readonly target: number;
  readonly pair?: string | undefined;
  readonly set?: string | undefined;
  readonly cwe?: readonly string[] | undefined;
  readonly language?: string | undefined;
  readonly project?: string | undefined;
}

export const SLICE_DIMENSIONS = ['set', 'cwe', 'language', 'length', 'project', 'length-matched'] as const;
export type SliceDimension = (typeof SLICE_DIMENSIONS)[number];

export interface Slice {
  readonly dimension: SliceDimension;
  /** `P1+P2`, `CWE-79`, `java`, `200-399 characters`. */
  readonly name: string;
  /** Places in the test set, ascending. */
  readonly rows: Uint32Array;
}

/** Rows by name; a row may bear several names, or none. */
export function sliceBy(
  dimension: SliceDimension,
  records: readonly SliceRecord[],
  namesOf: (record: SliceRecord) => readonly string[],
): Slice[] {
  const rows = new Map<string, number[]>();
  records.forEach((record, row) => {
    for (const name of new Set(namesOf(record))) {
      const known = rows.get(name);
      if (known === undefined) rows.set(name, [row]);
      else known.push(row);
    }
  });
  return [...rows].map(([name, places]) => ({ dimension, name, rows: Uint32Array.from(places) }));
}
