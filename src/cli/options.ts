/** @file Options and help texts that several commands share. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { VultuneError } from '../base/errors.ts';
import { parseFieldMapping } from '../dataset/formats/field-mapping.ts';
import type { BlendChoice } from '../judging/adapter-scale.ts';
import type { Device } from '../runtime/backend.ts';
import { formatShard, parseShard, type Shard } from '../shards/shard.ts';
import { CLUSTERS } from '../workflows/evaluate/resampling-options.ts';
import { PRECISIONS, type Precision } from '../workflows/open/precision-names.ts';
import type { ThresholdChoice } from '../workflows/scan/scan-options.ts';
import { FIGURE_FORMATS } from './display/data-table-format.ts';

/** A number from 0 to 1. */
export function parseShare(text: string): number {
  const value = toNumber(text);
  if (!(value >= 0 && value <= 1))
    throw new InvalidArgumentError(`found ${text}, expected a number from 0 to 1.`);
  return value;
}

/** A score, or the name of an operating point. */
function parseThreshold(text: string): ThresholdChoice {
  return text === 'f1' ? 'f1' : parseShare(text);
}

/** Where a scan and what is like it begin to call functions vulnerable. */
export function addThresholdOption(command: Command): void {
  command.addOption(
    new Option(
      '--threshold <x>',
      "score from which on a function is reported as vulnerable, or f1: the one with the run's best F1 (default: flags at most 1 " +
        'in 50 of its validation functions that are not vulnerable; of an older run, its own, or 0.5)',
    ).argParser(parseThreshold),
  );
}

/** `blend` is `auto`, with the option `off`. */
export function addBlendOption(command: Command): void {
  command.addOption(
    new Option(
      '--no-blend',
      "give the model's own scores, even if its blend with TF-IDF and length ranked validation better",
    )
      .default('auto' satisfies BlendChoice)
      .preset('off' satisfies BlendChoice),
  );
}

/** In what weights are held, and products made, where scores are given. */
export function addPrecisionOption(command: Command): void {
  command.addOption(
    new Option(
      '--precision <name>',
      'compute in float32, with 8-bit weights (int8-exact), or with 8-bit weights and products (int8, the fastest); how far scores ' +
        'move is measured on a few functions and printed',
    )
      .choices(PRECISIONS)
      .default('as-trained' satisfies Precision),
  );
}

/** A share of functions: between 0 and 1, both left out. */
export function parsePrevalence(text: string): number {
  const value = parseShare(text);
  if (value === 0 || value === 1)
    throw new InvalidArgumentError(`found ${text}, expected a share between 0 and 1.`);
  return value;
}

export interface ShardOptions {
  readonly shard?: Shard;
  /** The parts of all shards. */
  readonly merge?: readonly string[];
}

/** `--shard` and `--merge`: `work` is what is divided, `out` where a part is written. */
export function addShardOptions(command: Command, work: string, out: string): Command {
  return command
    .addOption(
      new Option('--shard <i/n>', `${work} of part i of n only, and write them to ${out} for --merge`)
        .argParser(parseShardOption)
        .conflicts('merge'),
    )
    .option('--merge <part...>', 'join the parts of all n shards; the other options are those of the shards');
}

function parseShardOption(text: string): Shard {
  const shard = parseShard(text);
  if (shard !== undefined) return shard;
  throw new InvalidArgumentError(`found ${text}, expected a part and the number of parts, such as 2/4.`);
}

/** @throws VultuneError `CLI_USAGE` without `out`: a part is a file of its own, never standard output. */
export function requireShardOut(shard: Shard, out: string | undefined): string {
  if (out !== undefined) return out;
  throw new VultuneError('CLI_USAGE', `--shard ${formatShard(shard)} needs --out: the part to write`);
}

/** `--fields code=func,target=vul`: which columns of a table of unknown make hold what. */
export const fieldsOption = () =>
  new Option(
    '--fields <field=column,...>',
    'columns of a table that lacks code and target (default: guessed by name, with a note)',
  ).argParser(parseFields);

/** `code=func,target=vul` as a map. */
export function parseFields(text: string): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(parseFieldMapping(text.split(',')).fields);
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    throw new InvalidArgumentError(`${error.message}; for example code=func,target=vul.`);
  }
}

/** An integer of 1 or more. */
export function parseCount(text: string): number {
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`found ${text}, expected an integer >= 1.`);
  }
  return value;
}

/** A whole number of 0 or more. */
export function parseWhole(text: string): number {
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError(`found ${text}, expected an integer >= 0.`);
  }
  return value;
}

/** `1,2,3`: whole numbers of 0 or more. */
export const parseSeeds = (text: string): readonly number[] => text.split(',').map(parseWhole);

/** A number of 0 or more. */
export function parseNonNegative(text: string): number {
  const value = toNumber(text);
  if (!(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError(`found ${text}, expected a number >= 0.`);
  return value;
}

/** A number above 0. */
export function parsePositive(text: string): number {
  const value = toNumber(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError(`found ${text}, expected a number > 0.`);
  return value;
}

/** `Number('')` is 0 and `Number('0x1f')` is 31: neither is what somebody meant. */
const toNumber = (text: string) =>
  /^[-+]?[\d.]/.test(text) && !/^0x/i.test(text) ? Number(text) : Number.NaN;

export const DEVICES = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const satisfies readonly Device[];
export type DeviceName = (typeof DEVICES)[number];

export interface DeviceOptions {
  readonly device: DeviceName;
  readonly numThreads?: number;
}

/** `--device` and `--num-threads`. */
export function addDeviceOptions(command: Command): Command {
  return command
    .addOption(new Option('--device <name>', 'where to compute').choices(DEVICES).default('cpu'))
    .addOption(
      new Option('--num-threads <n>', 'threads on the CPU (default: all available cores)').argParser(
        parseCount,
      ),
    );
}

/** Above it every figure's values would fill the memory; the interval does not move any more. */
const MOST_RESAMPLES = 100_000;

function parseResamples(text: string): number {
  const value = parseCount(text);
  if (value > MOST_RESAMPLES) {
    throw new InvalidArgumentError(`found ${text}, expected at most ${MOST_RESAMPLES}.`);
  }
  return value;
}

/** `--cluster` and `--resamples`. */
export function addClusterOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--cluster <what>',
        'unit of resampling for intervals; auto: commits, else projects, else functions',
      )
        .choices(CLUSTERS)
        .default('auto'),
    )
    .addOption(new Option('--resamples <n>', 'bootstrap resamples').argParser(parseResamples).default(2000));
}

/** `--format`: figures as a table, for a paper or a spreadsheet. */
export function addFigureFormat(command: Command): Command {
  return command.addOption(
    new Option(
      '--format <name>',
      'how figures are printed: csv has all of them at full precision; md and tex are tables for a page',
    )
      .choices(FIGURE_FORMATS)
      .default('text')
      .conflicts('json'),
  );
}

/** Examples under a command's help: what it does, then the line to type. */
export function addExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const lines = examples.map(([what, line]) => `  # ${what}\n  ${line}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
