/** @file A table whose cells PyTorch trains: figures as from any run, finished cells left alone, a refused one alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openExperiment } from '../../src/workflows/experiment/open-experiment.ts';
import { runExperiment } from '../../src/workflows/experiment/run-experiment.ts';
import { hasTorchPlan } from '../../src/workflows/torch/plan-of-run.ts';
import { writeTinyTable } from '../support/tiny-experiment.ts';
import { ONE_THREAD, pythonWithTorch } from '../support/torch-training.ts';

const python = pythonWithTorch();
const folder = mkdtempSync(join(tmpdir(), 'vultune-torch-table-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

describe.skipIf(python === undefined)('experiment run --engine torch', () => {
  test('trains the cells, fails the refused one alone, and keeps what is finished', async () => {
    for (const [name, value] of Object.entries(ONE_THREAD)) vi.stubEnv(name, value);
    const table = await writeTinyTable(folder, {
      rows: [{ name: 'Refused', set: { active_sampling: 2 } }, { name: 'Trained' }],
    });
    const options = { table, runs: folder, torch: { python: python!, dtype: 'float32' } } as const;
    const { table: result } = await runExperiment(options);
    const [refused, trained] = result.rows.map(({ cells }) => cells[0]!);
    expect(refused).toMatchObject({ state: 'failed', failure: { code: 'TORCH_CONFIG_UNSUPPORTED' } });
    expect(trained!.state).toBe('finished');
    expect(hasTorchPlan(join(folder, 'cells', trained!.id!))).toBe(true);
    expect(result.rows[1]!.ours[0]!.mean).toBeGreaterThanOrEqual(0);
    const own = await openExperiment({ table, runs: folder });
    expect((await own.result()).rows[1]!.cells[0]!.state).toBe('not started');
    const again = await openExperiment(options);
    expect((await again.result()).rows.map(({ cells }) => cells[0]!.state)).toEqual(['failed', 'finished']);
  }, 300_000);
});
