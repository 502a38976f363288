/**
 * @file The functions that contenders get: drawn from a file of functions to be like it, or made up to any number of tokens. One
 * list for all, so that nobody's choice of functions or tokenizer is part of what is compared.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultOut, project, wholeNumber } from './results.mjs';
import { BenchError } from './worker.mjs';

const quiet = { TQDM_DISABLE: '1', TOKENIZERS_PARALLELISM: 'false' };

/** The environment of a worker in Python. */
export const peersEnv = (threads) => ({ ...quiet, OMP_NUM_THREADS: String(threads) });

/** `--data`, or the training part of X_1 in the shared folder. @throws BenchError where there is no such file */
export function dataFile(named) {
  const shared = process.env.VULTUNE_SHARED ?? join(project, '..', 'shared');
  const data = named ?? join(shared, 'data', 'x1', 'train.jsonl');
  if (existsSync(data)) return data;
  throw new BenchError(`${data} does not exist: name the functions with --data FILE.jsonl`);
}

/** Token ids of functions that are like the whole file (training/tokens.py), and what they come to. */
export function writeFunctions(python, model, file, { data, functions, maxLength }) {
  const args = [join(project, 'bench', 'training', 'tokens.py'), '--model', model, '--data', data];
  args.push('--out', file, '--count', String(functions), '--max-length', String(maxLength));
  const { status, error } = spawnSync(python, args, {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...quiet },
  });
  if (status !== 0) throw new BenchError(`tokens.py failed: ${error?.message ?? `exit code ${status}`}`);
  const lengths = JSON.parse(readFileSync(file, 'utf8')).functions.map((ids) => ids.length);
  return { data, functions: lengths.length, tokens: sum(lengths), lengths };
}

/**
 * Functions of the given lengths, of ids that every vocabulary has and no special token is, by a linear congruential generator: the
 * same everywhere, and no two begin alike.
 * @param {string} file where they are written, as writeFunctions does
 * @param {readonly number[]} lengths
 */
export function writeDrawnFunctions(file, lengths) {
  let state = 42;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return 1000 + (Math.floor(state / 2 ** 8) % 20000);
  };
  const functions = lengths.map((length) => Array.from({ length }, next));
  writeFileSync(file, JSON.stringify({ functions, labels: lengths.map((_, i) => i % 2) }));
}

/**
 * Lengths of functions, from 32 to 512 tokens in equal steps of their logarithm, again and again until they come to `total`: any
 * total has the same mixture.
 */
export function lengthsOfTotal(total) {
  const mixture = Array.from({ length: MIXED }, (_, i) => Math.round(32 * 16 ** (i / (MIXED - 1))));
  const lengths = [];
  // In steps of 4, so that the first few have short and long ones among them.
  for (let i = 0, left = total; left > 0; i++) {
    const length = Math.min(left, mixture[(i * 4) % MIXED]);
    lengths.push(length);
    left -= length;
  }
  return lengths;
}

/** No multiple of the step of 4 by which they are taken. */
const MIXED = 9;

/** Without the instructions bfloat16 is emulated and slower than float32. */
export function cpuHasBfloat16() {
  const cpuFile = '/proc/cpuinfo';
  return existsSync(cpuFile) && /\b(avx512_bf16|amx_bf16|bf16)\b/.test(readFileSync(cpuFile, 'utf8'));
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/**
 * What the command line says in every benchmark over functions of a file.
 * @param {Record<string, string | undefined>} values as `readOptions` gives them
 * @param {string} benchmark names the results where --out does not
 */
export function functionOptions(values, benchmark) {
  const whole = (name) => wholeNumber(name, values[name]);
  return {
    data: dataFile(values.data),
    model: values.model,
    functions: whole('functions'),
    maxLength: whole('max-length'),
    rounds: whole('rounds'),
    threads: whole('threads'),
    only: values.only?.split(','),
    out: values.out ?? defaultOut(benchmark),
  };
}
