/** @file The options of a build, checked and with every default in place. */
import { availableParallelism } from 'node:os';
import { VultuneError } from '../../base/errors.ts';
import { type ContextKind, DEFAULT_CONTEXT_TOKENS } from '../changes/function-context.ts';
import { type Fractions, SPLITS } from '../parts.ts';
import type { OnProgress } from '../progress.ts';
import type { DatasetSource } from '../source.ts';
import type { SplitBy } from '../splits/split-item.ts';
import type { NegativeLengths, Negatives, StatedOptions } from './build-info.ts';

export interface BuildOptions {
  readonly sources: readonly DatasetSource[];
  readonly outDir: string;
  /** Clones, and the analysed fixes that a stopped build goes on from. */
  readonly cacheDir: string;
  /** Only fixes that changed exactly one function outside tests; default true. */
  readonly strict?: boolean;
  /** Only fixes that changed at most so many functions; given, it takes the place of `strict`. */
  readonly maxChangedFunctions?: number;
  /** Only functions that an advisory names. */
  readonly namedOnly?: boolean;
  /** Functions of fewer tokens are left out; default 5. */
  readonly minTokens?: number;
  readonly maxTokens?: number;
  readonly negatives?: Negatives;
  /** P3 for each P1 at most; default: all. */
  readonly ratio?: number;
  /** matched: P3 with lengths like those of the P1, so that length alone tells little; needs `ratio`. Default natural. */
  readonly negativeLengths?: NegativeLengths;
  /**
   * P3 that are hard to tell from the P1 by style or length: from the same file, else the same project, else the same
   * language, never another one, and about as long; needs `ratio`. Default false.
   */
  readonly hardNegatives?: boolean;
  /** Datasets whose functions are left out, exact and near duplicates too. */
  readonly exclude?: readonly string[];
  /** Jaccard similarity of near duplicates; default 0.9. */
  readonly nearDuplicates?: number;
  readonly split?: SplitBy;
  readonly timePer?: 'project' | 'all';
  /** Default 0.8, 0.1, 0.1. */
  readonly fractions?: Fractions;
  readonly seed?: number;
  /** Code of its file in front of every function that comes out of a changed file; default: none. */
  readonly context?: ContextKind | undefined;
  /** Most lexical tokens of the context; default 256. */
  readonly contextMaxTokens?: number | undefined;
  /** Worker threads, 1 or more; default: one per core. The result does not depend on it. */
  readonly threads?: number;
  /** Folders of all parts of a sharded build: nothing is analysed, their fixes are taken. */
  readonly merge?: readonly string[];
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** Everything the result depends on besides the sources. @throws VultuneError `DATASET_OPTION`. */
export function stateOptions(options: BuildOptions, exclude: readonly string[]): StatedOptions {
  const { strict = true, maxChangedFunctions, ratio, maxTokens, minTokens = 5, seed = 42 } = options;
  const { fractions = { train: 0.8, valid: 0.1, test: 0.1 }, nearDuplicates = 0.9 } = options;
  checkWhole('maxChangedFunctions', maxChangedFunctions, 1);
  checkWhole('minTokens', minTokens, 0);
  checkWhole('maxTokens', maxTokens, 1);
  checkWhole('seed', seed, 0);
  if (ratio !== undefined && !(ratio >= 0 && ratio <= 1e6))
    refuse('ratio', ratio, 'a number from 0 to 1,000,000');
  if (options.negativeLengths === 'matched' && ratio === undefined) {
    refuse('negativeLengths', 'matched', 'a ratio beside it: how many unchanged functions are wanted');
  }
  if (options.hardNegatives === true && ratio === undefined) {
    refuse('hardNegatives', 'true', 'a ratio beside it: how many unchanged functions are wanted');
  }
  const shares = SPLITS.map((split) => fractions[split]);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.some((share) => !(share >= 0)) || Math.abs(total - 1) > 1e-6) {
    refuse('fractions', shares.join(', '), 'three numbers, none negative, that add up to 1');
  }
  return {
    maxChangedFunctions: maxChangedFunctions ?? (strict ? 1 : null),
    namedOnly: options.namedOnly ?? false,
    minTokens,
    maxTokens: maxTokens ?? null,
    negatives: options.negatives ?? 'same-commit',
    ratio: ratio ?? null,
    ...(options.negativeLengths === 'matched' ? { negativeLengths: 'matched' as const } : {}),
    ...(options.hardNegatives === true ? { hardNegatives: true as const } : {}),
    nearDuplicates,
    ...contextOptions(options),
    split: options.split ?? 'commit',
    timePer: options.timePer ?? 'all',
    fractions,
    seed,
    exclude,
  };
}

/** @throws VultuneError `DATASET_OPTION`: without a thread a build would wait forever. */
export function workerThreads({ threads = availableParallelism() }: Pick<BuildOptions, 'threads'>): number {
  checkWhole('threads', threads, 1);
  return threads;
}

/** Nothing of a build without context, whose bytes stay what they were. */
function contextOptions({
  context,
  contextMaxTokens,
  merge,
}: Pick<BuildOptions, 'context' | 'contextMaxTokens' | 'merge'>): Pick<StatedOptions, 'context'> {
  checkWhole('contextMaxTokens', contextMaxTokens, 1);
  if (context === undefined) {
    if (contextMaxTokens !== undefined) {
      refuse('contextMaxTokens', contextMaxTokens, 'a context beside it: callers, callees or file');
    }
    return {};
  }
  if (merge !== undefined)
    refuse('context', context, 'none beside merge: parts are analysed without context');
  return { context: { kind: context, maxTokens: contextMaxTokens ?? DEFAULT_CONTEXT_TOKENS } };
}

function checkWhole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  refuse(name, value, `an integer >= ${least}`);
}

function refuse(name: string, found: number | string, expected: string): never {
  throw new VultuneError('DATASET_OPTION', `${name} is ${found}, expected ${expected}`, { where: { name } });
}
