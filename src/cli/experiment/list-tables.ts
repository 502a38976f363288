/** @file `vultune experiment list`: the tables that come with vultune. */
import { readTextFile } from '../../base/files.ts';
import { parseTable } from '../../experiments/experiment-table.ts';
import { shippedTables, tablePath } from '../../experiments/shipped-files.ts';
import type { CliContext } from '../context.ts';
import { renderTable } from '../display/table.ts';

export async function listTables(
  { json }: { readonly json: boolean },
  { stdout }: CliContext,
): Promise<void> {
  const tables = shippedTables().map((name) => {
    const file = tablePath(name);
    const { title, source, rows, seeds, scales } = parseTable(readTextFile(file), file);
    return { name, title, source, rows: rows.length, seeds: seeds.length, scales };
  });
  if (json) {
    stdout.write(`${JSON.stringify(tables, null, 2)}\n`);
    return;
  }
  stdout.write(
    renderTable(
      [
        { heading: 'name' },
        { heading: 'rows', align: 'right' },
        { heading: 'seeds', align: 'right' },
        { heading: 'scales' },
        { heading: 'title' },
      ],
      tables.map(({ name, title, rows, seeds, scales }) => [
        name,
        `${rows}`,
        `${seeds}`,
        scales.join(', '),
        title,
      ]),
      stdout,
    ),
  );
}
