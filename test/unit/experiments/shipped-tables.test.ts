/** @file The tables that come with Vultune: each is read at each scale, and every cell of a paper stands in that paper. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseTable } from '../../../src/experiments/experiment-table.ts';
import { shippedTables, tablePath } from '../../../src/experiments/shipped-files.ts';
import { loadTable } from '../../../src/workflows/experiment/load-table.ts';
import { sharedFolder } from '../../support/shared.ts';

const names = shippedTables();
const tables = names.map((name) => parseTable(readFileSync(tablePath(name), 'utf8'), tablePath(name)));

/** By the beginning of a table's name. */
const PAPERS = {
  shestov: '000_2f1fd3c3ef189461.txt',
  flora: '001_076242f29fe170d3.txt',
  inovex: '003_a13842b9c42e269a.txt',
} as const;

/** Those that compare what no paper has. */
const OWN = ['future-work', 'weight-formats'];

describe('the shipped tables', () => {
  test('are those of the three papers, and our own', () => {
    expect(new Set(names)).toEqual(
      new Set([
        'flora-figures-1-2',
        'flora-table-1',
        'inovex-table-3',
        'inovex-table-4',
        'inovex-table-5',
        'shestov-packing',
        ...Array.from({ length: 9 }, (_, i) => `shestov-table-${i + 2}`),
        ...OWN,
      ]),
    );
  });

  test.each(names)('%s has a base, rows, and a variant for a small machine', (name) => {
    const { base, table } = loadTable({ table: name, scale: 'laptop' });
    expect(base).toHaveProperty('base_model');
    expect(table.rows.length).toBeGreaterThan(1);
    expect(table.differences.length).toBeGreaterThan(0);
  });

  test.each(OWN)('%s has no cells of a paper', (name) => {
    const table = tables.find((each) => each.name === name)!;
    expect(table.rows.flatMap((row) => row.paper).every((cell) => cell === null)).toBe(true);
  });

  test.each(tables.filter(({ name }) => !OWN.includes(name)).map((table) => [table.name, table] as const))(
    '%s copies its cells from the paper',
    (name, table) => {
      const shared = sharedFolder();
      if (shared === undefined) return;
      const file = PAPERS[name.split('-')[0] as keyof typeof PAPERS];
      const paper = readFileSync(join(shared, 'papers', file), 'utf8');
      const cells = table.rows.flatMap((row) => row.paper).filter((cell) => cell !== null);
      expect(
        cells.filter(
          (cell) =>
            !new RegExp(`(?<![\\d.])${String(cell).replaceAll(/[.?]/g, '\\$&')}(?![\\d])`).test(paper),
        ),
      ).toEqual([]);
      // Strings keep the last zeros of what is printed.
      expect(cells.every((cell) => typeof cell === 'string')).toBe(true);
    },
  );
});
