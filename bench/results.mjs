/** @file Where a benchmark's figures go, what it says meanwhile, and how its options are read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchError } from './worker.mjs';

export const project = resolve(import.meta.dirname, '..');

/** bench/results/NAME-TIME.json */
export const defaultOut = (name) =>
  join(project, 'bench', 'results', `${name}-${new Date().toISOString().replace(/[:.]/g, '-')}.json`);

export function writeResult(out, result) {
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
  say(`figures in ${out}`);
}

export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * @param {string[]} args
 * @param {Record<string, string | undefined>} defaults every option by name; undefined: none
 * @returns {Record<string, string | undefined>} as typed, or its default
 */
export function readOptions(args, defaults) {
  const options = Object.entries(defaults).map(([name, value]) => [
    name,
    { type: 'string', ...(value === undefined ? {} : { default: value }) },
  ]);
  return parseArgs({ args, options: Object.fromEntries(options) }).values;
}

/** @throws BenchError for what is not a whole number from `least` on */
export function wholeNumber(name, value, least = 1) {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least)
    throw new BenchError(`--${name} must be a whole number from ${least} on, not ${value}`);
  return number;
}

/** Told of a scan's progress what a person waiting wants to know: warnings. */
export const quietReporter = {
  note: () => {},
  warn: say,
  task: () => ({ update: () => {}, log: () => {}, stop: () => {} }),
};
