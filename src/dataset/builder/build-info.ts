/** @file The shape of dataset.json as `vultune data build SOURCE...` writes it. Counts nothing itself. */

import type { ContextOptions } from '../changes/function-context.ts';
import type { PartInfo } from '../output/part-file.ts';
import type { Fractions, Split } from '../parts.ts';
import type { SourceInfo } from '../source.ts';
import type { SplitBy } from '../splits/split-item.ts';

/** Reason → how many, reasons by name. */
export type Counts = Readonly<Record<string, number>>;

/**
 * input: left out by sources; files; functions: no labels, told in their files; fixes; changed: pairs of functions that
 * fixes changed; unchanged; labelled: records with somebody's own label.
 */
export type CountedStep = 'input' | 'files' | 'functions' | 'fixes' | 'changed' | 'unchanged' | 'labelled';

export interface BuildInfo {
  readonly format: 'vultune-dataset';
  readonly formatVersion: 1;
  readonly builder: { readonly name: string; readonly version: number };
  readonly sources: readonly SourceInfo[];
  /** Whatever the result depends on. */
  readonly options: StatedOptions;
  /** Outside tests and others' code, before fixes, sizes and labels are looked at; distinct: as normalised texts. */
  readonly found: {
    readonly changedPairs: number;
    readonly distinctChangedPairs: number;
    readonly unchanged: number;
    readonly distinctUnchanged: number;
  };
  /** What was kept and what was left out, in the order in which it is decided. */
  readonly counts: Readonly<Record<CountedStep, Counts>>;
  /** Functions without a date, which are in train; only of a split by time. */
  readonly undated?: number;
  readonly languages: Counts;
  readonly splits: Readonly<Record<Split, PartInfo>>;
}

export type NegativeLengths = 'natural' | 'matched';
export type Negatives = 'same-commit' | 'same-files' | 'other-projects' | 'none';

export interface StatedOptions {
  /** Fixes that changed more functions than this are left out; null: none are. */
  readonly maxChangedFunctions: number | null;
  readonly namedOnly: boolean;
  readonly minTokens: number;
  readonly maxTokens: number | null;
  readonly negatives: Negatives;
  /** P3 for each P1 at most; null: all. */
  readonly ratio: number | null;
  /** P3 of lengths like those of the P1; absent: of whatever length. */
  readonly negativeLengths?: 'matched';
  /** P3 that are neighbours of the P1: of their file, project or language, and as long; absent: of any fix. */
  readonly hardNegatives?: true;
  /** Jaccard. */
  readonly nearDuplicates: number;
  /** What stands in front of functions; absent: nothing. */
  readonly context?: ContextOptions;
  readonly split: SplitBy;
  readonly timePer: 'project' | 'all';
  readonly fractions: Fractions;
  readonly seed: number;
  /** SHA-256 of what was excluded. */
  readonly exclude: readonly string[];
}
