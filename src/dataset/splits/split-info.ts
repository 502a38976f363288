/** @file The shape of dataset.json as `vultune data split` and `data merge` write it. Counts nothing itself. */
import type { PartInfo } from '../output/part-file.ts';
import type { Fractions, Split } from '../parts.ts';

export interface SplitDatasetInfo {
  readonly format: 'vultune-dataset';
  readonly formatVersion: 1;
  readonly builder: { readonly name: 'split' | 'merge'; readonly version: 1 };
  readonly inputs: readonly InputInfo[];
  readonly options: {
    readonly split: 'commit' | 'project' | 'time' | 'predefined';
    readonly timePer: 'project' | 'all';
    readonly fractions: Fractions;
    readonly seed: number;
    readonly nearDuplicates: number;
    readonly deduplicate: boolean;
  };
  /** While reading: rows that were left out, and what was noted of others, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Functions dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Functions without a date, which are in train; only of a split by time. */
  readonly undated?: number;
  readonly splits: Readonly<Record<Split, PartInfo>>;
}

export interface InputInfo {
  readonly location: string;
  readonly functions: number;
  readonly vulnerable: number;
  /** The fingerprint of its records, in order. */
  readonly sha256: string;
}
