/** @file Rows whose cells start from the adapters of another row's (double fine-tuning): which rows they are, and what is refused. */
import { VultuneError } from '../base/errors.ts';
import type { TableRow } from './table-schema.ts';

type InitialRow = Pick<TableRow, 'name' | 'init_from' | 'prompt' | 'not_run' | 'set'>;

/**
 * @throws VultuneError `EXPERIMENT_INIT_FROM` for a row that starts from one that is not there, that trains nothing, or from itself
 * over others; and for one that names an adapter of its own besides
 */
export function requireInitialRows(rows: readonly InitialRow[], file: string): void {
  const byName = new Map(rows.map((row) => [row.name, row]));
  for (const row of rows) {
    if (row.init_from === undefined) continue;
    const first = byName.get(row.init_from);
    const problem =
      first === undefined
        ? 'which is not a row'
        : first.prompt !== undefined || first.not_run !== undefined
          ? 'which trains nothing'
          : row.prompt !== undefined
            ? 'and a prompt, which trains nothing'
            : row.set.init_adapter !== undefined
              ? 'and init_adapter: it starts from one of them'
              : startsFromItself(row, byName)
                ? 'and that one, over others or at once, from it'
                : undefined;
    if (problem === undefined) continue;
    throw new VultuneError(
      'EXPERIMENT_INIT_FROM',
      `the row ${JSON.stringify(row.name)} has init_from ${JSON.stringify(row.init_from)}, ${problem}`,
      {
        where: { file, name: 'init_from' },
        hint: 'name a row of this table that is trained: the adapter of its cell of the same seed is what training starts from',
      },
    );
  }
}

function startsFromItself(row: InitialRow, byName: ReadonlyMap<string, InitialRow>): boolean {
  let at: InitialRow | undefined = row;
  for (let steps = 0; at?.init_from !== undefined; steps++) {
    if (steps === byName.size) return true;
    at = byName.get(at.init_from);
  }
  return false;
}

/** The rows that are asked for and those that they start from, in the order of the table. */
export function withInitialRows<R extends Pick<TableRow, 'name' | 'init_from'>>(
  rows: readonly R[],
  isAsked: (row: R) => boolean,
): readonly R[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const kept = new Set<R>();
  for (let row of rows.filter(isAsked)) {
    while (!kept.has(row)) {
      kept.add(row);
      row = (row.init_from === undefined ? undefined : byName.get(row.init_from)) ?? row;
    }
  }
  return rows.filter((row) => kept.has(row));
}
