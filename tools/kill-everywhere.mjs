/**
 * @file Kills `train`, `scan`, `evaluate` and `data build` at every file operation and gives the command again:
 * `npm run build && node tools/kill-everywhere.mjs [NAME...]`. Prints every point that ends otherwise than a run that was
 * never stopped, and the counts; exits with 1 where there is one. About three seconds a point.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

await import('../test/support/typescript-loader.mjs');
const { killEverywhere } = await import('../test/support/kill-everywhere.ts');
const { killScenarios } = await import('../test/support/kill-scenarios.ts');

const wanted = process.argv.slice(2);
for (const scenario of killScenarios) {
  if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'vultune-kill-'));
  try {
    const { operations, outcomes } = await killEverywhere(
      scenario,
      folder,
      undefined,
      (outcome, number, of) => {
        if (outcome.difference !== undefined) {
          console.log(
            `${scenario.name} ${outcome.mode} ${outcome.at} ${outcome.operation}: ${outcome.difference}`,
          );
        } else if (number % 50 === 0) console.log(`${scenario.name} ${number}/${of}`);
      },
    );
    const other = outcomes.filter(({ difference }) => difference !== undefined).length;
    console.log(
      `${scenario.name}: ${operations.length} operations, ${outcomes.length} kills, ${other} end otherwise`,
    );
    if (other > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
