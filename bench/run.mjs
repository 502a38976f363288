#!/usr/bin/env node
/**
 * @file `npm run bench -- NAME [options]`: finds the benchmark and runs it. A benchmark is a folder here with a
 * bench.mjs that exports `usage` and `run(args)`, which gives the process's exit code.
 */
import * as bigModels from './big-models/bench.mjs';
import * as generation from './generation/bench.mjs';
import * as heldOutFixes from './held-out-fixes/bench.mjs';
import * as memory from './memory/bench.mjs';
import * as repositories from './repositories/bench.mjs';
import * as scaling from './scaling/bench.mjs';
import * as scanning from './scanning/bench.mjs';
import * as training from './training/bench.mjs';
import * as triage from './triage/bench.mjs';
import { BenchError } from './worker.mjs';

const benchmarks = {
  training,
  scanning,
  memory,
  scaling,
  generation,
  'big-models': bigModels,
  'held-out-fixes': heldOutFixes,
  repositories,
  triage,
};

async function main([name, ...args]) {
  const benchmark = benchmarks[name];
  const usage = Object.values(benchmarks).map((each) => each.usage);
  if (name === undefined || name === '--help' || name === '-h') return print(usage.join('\n\n'));
  if (benchmark === undefined) {
    throw new BenchError(`unknown benchmark ${name}; there is: ${Object.keys(benchmarks).join(', ')}`);
  }
  if (args.includes('--help') || args.includes('-h')) return print(benchmark.usage);
  return benchmark.run(args);
}

function print(text) {
  process.stdout.write(`${text}\n`);
  return 0;
}

// Interrupted, the process leaves through 'exit', where the running worker is ended and temporary files go.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const foreseen = error instanceof BenchError || error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${foreseen ? error.message : error.stack}\n`);
  process.exitCode = 2;
}
