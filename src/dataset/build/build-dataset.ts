/**
 * @file Builds a dataset out of sources of fixes and of labelled records: analyse → select → split → write. Puts the
 * steps together; each has its own file.
 */
import { VultuneError } from '../../base/errors.ts';
import type { BuildInfo, Negatives, SplitBy } from './build-info.ts';
import type { OnProgress } from './progress.ts';
import type { DatasetSource } from './source.ts';
import type { Fractions } from './split-by-group.ts';

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
  /** Functions of fewer words and signs are left out; default 5. */
  readonly minTokens?: number;
  readonly maxTokens?: number;
  readonly negatives?: Negatives;
  /** P3 for each P1 at most; default: all. */
  readonly ratio?: number;
  /** Datasets whose functions are left out, exact and near duplicates too. */
  readonly exclude?: readonly string[];
  /** Jaccard similarity of near duplicates; default 0.9. */
  readonly nearDuplicates?: number;
  readonly split?: SplitBy;
  readonly timePer?: 'project' | 'all';
  /** Default 0.8, 0.1, 0.1. */
  readonly fractions?: Fractions;
  readonly seed?: number;
  /** Worker threads; 0: none; default: one a core. The result does not depend on it. */
  readonly threads?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface BuildDatasetResult {
  readonly outDir: string;
  readonly info: BuildInfo;
}

export async function buildDataset(options: BuildOptions): Promise<BuildDatasetResult> {
  throw new VultuneError('DATASET_BUILD_UNFINISHED', `cannot build ${options.outDir} yet`);
}
