/** @file `--sweep key=a,b,c`: the grid that it asks for. */
import { VultuneError } from '../base/errors.ts';
import { readYaml } from '../config/read-yaml.ts';

/**
 * Values are YAML, as in an override; a comma within brackets does not part two of them.
 * @throws VultuneError `EXPERIMENT_SWEEP`
 */
export function parseSweeps(sweeps: readonly string[]): Readonly<Record<string, readonly unknown[]>> {
  const grid: Record<string, readonly unknown[]> = {};
  for (const sweep of sweeps) {
    const split = sweep.indexOf('=');
    const key = sweep.slice(0, split).trim();
    if (split < 1 || key === '' || key === '__proto__') throw invalid(sweep, 'expected key=value,value');
    const { value, faults } = readYaml(`[${sweep.slice(split + 1)}]`);
    if (faults[0] !== undefined) throw invalid(sweep, faults[0].message);
    if (!Array.isArray(value) || value.length === 0) throw invalid(sweep, 'expected at least one value');
    if (Object.hasOwn(grid, key)) throw invalid(sweep, `${key} is swept twice`);
    grid[key] = value;
  }
  return grid;
}

function invalid(sweep: string, why: string): VultuneError {
  return new VultuneError('EXPERIMENT_SWEEP', `found --sweep ${sweep}: ${why}`, {
    where: { name: '--sweep' },
    hint: 'for example --sweep learning_rate=1e-4,2e-4',
  });
}
