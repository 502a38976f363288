/** @file What a check of a dataset found: plain data, JSON-serialisable. Holds nothing but the shapes. */

/** In the order in which they are told. */
export const LEAK_KINDS = [
  'label-conflict',
  'exact-duplicate',
  'near-duplicate',
  'pair',
  'commit',
  'cve',
] as const;
export type LeakKind = (typeof LEAK_KINDS)[number];

export interface LeakReport {
  readonly format: 'vultune-dataset-check';
  readonly formatVersion: 1;
  /** No leak of the kinds that were asked for, and a test part, where there is one, has vulnerable functions. */
  readonly ok: boolean;
  /** Why a part is of no use, a sentence each; empty where none is. */
  readonly unusable: readonly string[];
  readonly functions: number;
  readonly parts: readonly PartCounts[];
  /** Jaccard similarity from which functions count as near duplicates. */
  readonly threshold: number;
  /** One for each kind asked for, empty ones too. */
  readonly leaks: readonly Leak[];
}

export interface PartCounts {
  readonly name: string;
  readonly functions: number;
  readonly vulnerable: number;
}

export interface Leak {
  readonly kind: LeakKind;
  /** Functions that have such a thing: with none, nothing is proved. */
  readonly checked: number;
  /** Bodies with both labels; else pairs, commits, CVEs or duplicate groups that lie in several parts. */
  readonly groups: number;
  /** Functions in them. */
  readonly functions: number;
  /** Groups by the parts that they lie in: `train`, `train, valid`. */
  readonly byParts: Readonly<Record<string, number>>;
  readonly examples: readonly LeakExample[];
}

export interface LeakExample {
  /** The pair, commit or CVE. */
  readonly key?: string;
  /** Estimated, of the two places that come first; near duplicates only. */
  readonly similarity?: number;
  /** At least two; one of each part before a second of any. */
  readonly places: readonly LeakPlace[];
}

export interface LeakPlace {
  readonly file: string;
  /** 1-based line or row. */
  readonly line: number;
  readonly part: string;
  readonly target: 0 | 1 | null;
}
