/** @file What the benchmarks of a run have in common: options, and the packages of its test part. */
import { randomStream } from '../dist/base/random.js';
import { readLabelledRecords } from '../dist/dataset/read-jsonl.js';
import { openRun } from '../dist/runs/run-folder.js';
import { releasePairs, shuffledPackages } from './fixes.mjs';
import { defaultCacheDir } from './releases.mjs';
import { defaultOut, readOptions } from './results.mjs';
import { BenchError } from './worker.mjs';

/**
 * @param {string[]} args
 * @param {{ name: string, usage: string }} benchmark
 * @param {Record<string, string | undefined>} own the benchmark's own options by name, with their defaults
 * @returns {Record<string, string | undefined>} those, and run, cache and out
 * @throws BenchError without `--run`
 */
export function readRunOptions(args, { name, usage }, own) {
  const values = readOptions(args, { run: undefined, cache: undefined, out: undefined, ...own });
  if (values.run === undefined) throw new BenchError(`--run is missing\n${usage}`);
  return { ...values, cache: values.cache ?? defaultCacheDir(), out: values.out ?? defaultOut(name) };
}

/**
 * Packages of the fixes in `--test`, by default the run's test part, in a random order.
 * @throws BenchError when there is neither
 */
export async function testPackages({ run, test, seed }, name) {
  const file = test ?? openRun(run).record.data.test_file?.path;
  if (file === undefined) throw new BenchError('the run has no test part: give one with --test FILE.jsonl');
  return shuffledPackages(releasePairs(await readLabelledRecords(file)), (names) =>
    randomStream(seed, name).shuffle(names),
  );
}
