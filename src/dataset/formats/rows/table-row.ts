/** @file A row of a table, whatever it is stored in. A shape only. */

export interface TableRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** 1-based: the line where it begins (JSON lines, CSV), else the row. */
  readonly line: number;
}
