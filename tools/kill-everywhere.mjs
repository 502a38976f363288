/**
 * @file Stops `train`, `scan`, `evaluate` and `data build` at every file operation and gives the command again:
 * `npm run build && node tools/kill-everywhere.mjs [NAME...]`. Prints every point that ends otherwise than a run that was
 * never stopped, and the counts; exits with 1 where there is one. Some four hundred points in two minutes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

await import('../test/support/typescript-loader.mjs');
await import('../test/support/kill-hook.mjs');
const { finishEveryCopy } = await import('../test/support/kill-copies.ts');
const { killScenarios } = await import('../test/support/kill-scenarios.ts');

const wanted = process.argv.slice(2);
const here = process.cwd();
for (const scenario of killScenarios) {
  if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'vultune-kill-'));
  try {
    const { operations, outcomes } = await finishEveryCopy(scenario, folder, (outcome, number, of) => {
      const { mode, at, operation, difference } = outcome;
      if (difference !== undefined) console.log(`${scenario.name} ${mode} ${at} ${operation}: ${difference}`);
      else if (number % 50 === 0) console.log(`${scenario.name} ${number}/${of}`);
    });
    const other = outcomes.filter(({ difference }) => difference !== undefined).length;
    console.log(
      `${scenario.name}: ${operations.length} operations, stopped at ${outcomes.length} points: ` +
        `${outcomes.length - other} end the same, ${other} otherwise`,
    );
    if (other > 0) process.exitCode = 1;
  } finally {
    process.chdir(here);
    rmSync(folder, { recursive: true, force: true });
  }
}
