/** @file Cells of a table whose steps PyTorch takes, as far as no Python is needed. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { estimateExperiment } from '../../../src/workflows/experiment/estimate-experiment.ts';
import { openExperiment } from '../../../src/workflows/experiment/open-experiment.ts';
import { runExperiment } from '../../../src/workflows/experiment/run-experiment.ts';
import type { TorchOptions } from '../../../src/workflows/torch/train-with-torch.ts';
import { writeTinyTable } from '../../support/tiny-experiment.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-torch-cells-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

describe('a cell whose steps PyTorch takes', () => {
  test("is another than that of Vultune's own engine, and named by what rounds, not by what divides the work", async () => {
    const table = await writeTinyTable(folder, {
      columns: [{ metric: 'f1' }],
      rows: [{ name: 'Trained' }, { name: 'Asked', prompt: 'pd-1' }],
    });
    const idsOf = async (torch?: TorchOptions) =>
      (await openExperiment({ table, runs: folder, torch })).planned.map(({ id }) => id);
    const [own, asked] = await idsOf();
    const [plain, ...sameAsked] = await idsOf({});
    expect(sameAsked).toEqual([asked]);
    expect(plain).not.toBe(own);
    const divided: TorchOptions = { launcher: 'torchrun', processes: 4, strategy: 'fsdp2', python: 'p' };
    expect((await idsOf(divided))[0]).toBe(plain);
    expect((await idsOf({ dtype: 'auto' }))[0]).toBe(plain);
    const others: TorchOptions[] = [{ dtype: 'bf16' }, { attention: 'sdpa' }, { layout: 'rows' }];
    const ids = await Promise.all(others.map(async (torch) => (await idsOf(torch))[0]));
    expect(new Set([own, plain, ...ids]).size).toBe(5);
  });

  test('has a table of its own, which says so', async () => {
    const table = await writeTinyTable(folder);
    const experiment = await openExperiment({ table, runs: folder, torch: { dtype: 'bf16' } });
    await experiment.write();
    expect(experiment.out).toBe(join(folder, 'tables', 'tiny-torch'));
    expect(readFileSync(join(experiment.out, 'table.html'), 'utf8')).toContain(
      'PyTorch takes the steps of every training (dtype bf16)',
    );
  });

  test('fails alone where its configuration is refused', async () => {
    const table = await writeTinyTable(folder, {
      rows: [
        { name: 'Refused', set: { active_sampling: 2 } },
        { name: 'Unknown', set: { no_such_key: 1 } },
      ],
    });
    // Refused before a Python is started.
    const { table: result } = await runExperiment({ table, runs: folder, torch: { python: 'none' } });
    expect(result.rows.map(({ cells }) => cells[0])).toMatchObject([
      { state: 'failed', failure: { code: 'TORCH_CONFIG_UNSUPPORTED' } },
      { state: 'failed', failure: { code: 'CONFIG_KEY_UNKNOWN' } },
    ]);
  });

  test('a missing Python is said once, before any cell', async () => {
    vi.stubEnv('VULTUNE_PYTHON', '');
    vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
    const table = await writeTinyTable(folder);
    await expect(runExperiment({ table, runs: folder, torch: {} })).rejects.toMatchObject({
      code: 'TORCH_ENVIRONMENT_MISSING',
    });
  });

  test("is not estimated from a block or a cell of Vultune's own engine", async () => {
    const table = await writeTinyTable(folder);
    const { table: own } = await runExperiment({ table, runs: folder, only: ['Mean'] });
    const estimate = async () => await estimateExperiment({ table, runs: folder, torch: {} });
    const before = await estimate();
    expect(before.total.unknownCells).toBe(2);
    expect(before.cells[0]).toMatchObject({ why: expect.stringContaining('behind a first cell') });
    expect(before.cells[0]!.diskBytes).toBeGreaterThan(0);
    // A run with a plan folder is one of PyTorch.
    const plan = join(folder, 'cells', own.rows[0]!.cells[0]!.id!, 'plan');
    mkdirSync(plan);
    writeFileSync(join(plan, 'plan.json'), '{}');
    const after = await estimate();
    expect(after.cells.map(({ measuredOn }) => measuredOn)).toEqual(['an earlier cell', 'an earlier cell']);
    expect(after.cells[0]!.milliseconds).toBeGreaterThan(0);
    expect(after.cells[0]!.memoryBytes).toBeUndefined();
  });
});
