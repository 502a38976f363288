/** @file The rows of a grid: every combination of the values of its keys, named by them. */
import { VultuneError } from '../base/errors.ts';
import type { TableRow } from './table-schema.ts';

const MOST_ROWS = 1000;

/** The last key changes fastest. @throws VultuneError `EXPERIMENT_ROWS` for more than 1,000 rows */
export function gridRows(grid: Readonly<Record<string, readonly unknown[]>> | undefined): TableRow[] {
  if (grid === undefined) return [];
  const keys = Object.entries(grid);
  const count = keys.reduce((product, [, values]) => product * values.length, 1);
  if (count > MOST_ROWS) {
    throw new VultuneError('EXPERIMENT_ROWS', `the grid has ${count} rows, expected at most ${MOST_ROWS}`, {
      where: { name: 'grid' },
    });
  }
  const combinations = keys.reduce<readonly Readonly<Record<string, unknown>>[]>(
    (rows, [key, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [key]: value }))),
    [{}],
  );
  return combinations.map((set) => ({ name: nameOf(set), set: { ...set }, scale: {} }));
}

/** `focal_gamma=1, lora_r=8`. */
const nameOf = (set: Readonly<Record<string, unknown>>) =>
  Object.entries(set)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
