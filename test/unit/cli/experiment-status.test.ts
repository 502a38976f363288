/** @file What the command line says of cells that cannot be run or were never run, and what it leaves as it was. */
import { mkdtempSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { printTable } from '../../../src/cli/experiment/print-table.ts';
import { runTable } from '../../../src/cli/experiment/run-table.ts';
import { showTable } from '../../../src/cli/experiment/show-table.ts';
import { tableStatus } from '../../../src/cli/experiment/table-status.ts';
import { runExperiment } from '../../../src/workflows/experiment/run-experiment.ts';
import { cliContext } from '../../support/cli-context.ts';
import { writeTinyTable } from '../../support/tiny-experiment.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-experiment-status-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const context = () => cliContext({ isTTY: true, columns: 200, env: { NO_COLOR: '1' } });

test('data that is not there is said once, not for every cell, and fails the check', async () => {
  const table = await writeTinyTable(folder, { seeds: [1, 2, 3] });
  unlinkSync(join(folder, 'train.jsonl'));
  const request = { table, runs: folder, overrides: [], jobs: 1, allowEndpoint: false };
  const checked = context();
  await runTable({ ...request, dryRun: true, estimate: false }, checked);
  expect(checked.stdout.text().match(/cannot read/g)).toHaveLength(1);
  expect(checked.stdout.text()).toContain('every cell: cannot read');
  expect(checked.stdout.text().match(/cannot be run/g)).toHaveLength(6);
  expect(checked.stderr.text()).toContain('would run nothing');
  expect(checked.exitCodes).toEqual([1]);

  const estimated = context();
  await runTable({ ...request, dryRun: false, estimate: true }, estimated);
  expect(estimated.stdout.text().match(/cannot read/g)).toHaveLength(1);
  expect(estimated.stdout.text()).toContain('no cell could be estimated');
});

test('a column that no paper has figures of is named, and does not stand beside the rows', async () => {
  const columns = ['roc_auc', 'f1'].map((metric) => ({ metric, on: 'valid' }));
  const shown = async (rows: readonly object[]) => {
    const table = await writeTinyTable(folder, { columns, rows });
    const printed = context();
    await showTable({ table, runs: folder, json: false }, printed);
    const lines = printed.stdout
      .text()
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    expect(lines).toContainEqual(['columns', 'Validation ROC AUC, Validation F1']);
    return lines[lines.findIndex(([heading]) => heading!.startsWith('Rows')) + 1];
  };
  expect(await shown([{ name: 'A' }, { name: 'B', paper: [null, '0.5'] }])).toEqual([
    'row',
    'Validation F1',
    'settings',
  ]);
  expect(await shown([{ name: 'A' }])).toEqual(['row', 'settings']);
});

test('asked without the overrides of the run, a table that is there stays, and the command says why it is empty', async () => {
  const table = await writeTinyTable(folder, { rows: [{ name: 'Only' }] });
  const overrides = ['num_train_epochs=1'];
  const { out } = await runExperiment({ table, runs: folder, overrides });
  const written = readFileSync(join(out, 'table.md'), 'utf8');
  const [printed, status] = [context(), context()];
  await printTable({ table, runs: folder, format: 'md' }, printed);
  await tableStatus({ table, runs: folder, json: false }, status);
  expect(readFileSync(join(out, 'table.md'), 'utf8')).toBe(written);
  for (const { stderr } of [printed, status])
    expect(stderr.text()).toContain('none of these cells has been run');

  const same = context();
  await printTable({ table, runs: folder, overrides, format: 'md' }, same);
  expect(same.stderr.text()).not.toContain('none of these cells');
});
