/** @file What triage speaks of: a finding of another scanner, what became of it, and the whole report. Types only. */
import type { MeasuredRanking } from '../evaluation/measured-ranking.ts';
import type { Band } from '../scan/finding.ts';
import type { OrderMeasures } from './measure-order.ts';

/** SARIF's region, as far as it says where something begins and ends; nothing of it has been checked. */
export interface SarifRegion {
  readonly startLine?: number | undefined;
  readonly startColumn?: number | undefined;
  readonly endLine?: number | undefined;
  readonly endColumn?: number | undefined;
  readonly charOffset?: number | undefined;
  readonly charLength?: number | undefined;
}

/** How the scanner counts columns and characters. */
export type ColumnKind = 'utf16CodeUnits' | 'unicodeCodePoints';

/** Where a finding's file is, in SARIF's words. */
export interface ArtifactReference {
  readonly uri?: string | undefined;
  readonly uriBaseId?: string | undefined;
  readonly index?: number | undefined;
}

export interface ScannerFinding {
  /** Which run of the log, and which of its results; 0-based. */
  readonly run: number;
  readonly result: number;
  readonly tool: string;
  readonly rule: string;
  readonly message: string;
  readonly artifact?: ArtifactReference | undefined;
  readonly region?: SarifRegion | undefined;
  readonly columnKind: ColumnKind;
  /** SARIF's `kind` where it says that nothing is wrong: `pass`, `notApplicable`, `informational`. */
  readonly notProblem?: string | undefined;
  /** By the scanner, or whoever went through its findings before. */
  readonly isSuppressed: boolean;
  /** The problem was there in an earlier version only (`baselineState: absent`). */
  readonly isAbsent: boolean;
}

/** Why a finding has no score. It keeps its place behind those that have one. */
export type UnscoredReason =
  | 'no location'
  | 'outside the folder'
  | 'file missing'
  | 'file not read'
  | 'not parsed'
  | 'no line'
  | 'line missing'
  | 'unread function'
  | 'outside functions'
  | 'several functions'
  | 'not a problem'
  | 'absent'
  | 'stopped';

export interface Unscored {
  readonly reason: UnscoredReason;
  /** A word or two on this one: `binary`, `pass`. */
  readonly detail?: string | undefined;
}

/** The function that a finding stands in, as the model judges it. */
export interface JudgedFunction {
  readonly name: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Probability of vulnerable. */
  readonly score: number;
  readonly band: Band;
  /** Whether it is longer than what the model read of it. */
  readonly truncated: boolean;
}

export interface TriagedFinding {
  readonly finding: ScannerFinding;
  /** 1-based, over all findings of the log. */
  readonly rank: number;
  /** Relative to the root, with `/`; as the log has it where it could not be found. */
  readonly file?: string | undefined;
  /** 1-based. */
  readonly line?: number | undefined;
  readonly judged?: JudgedFunction | undefined;
  /** Where `judged` is missing. */
  readonly unscored?: Unscored | undefined;
  /** Whether its score is below `suppressBelow`, and the model read the whole function. */
  readonly suppress: boolean;
}

export interface TriageCounts {
  readonly findings: number;
  readonly scored: number;
  readonly unscored: number;
  readonly aboveThreshold: number;
  readonly suppressed: number;
  /** Below `suppressBelow`, but the model read only part of the function: not suppressed. */
  readonly truncatedKept: number;
}

export interface TriageReport {
  readonly version: string;
  /** As the user named it. */
  readonly run: string;
  readonly adapterFingerprint: string;
  /** The scanner's file, as the user named it. */
  readonly log: string;
  /** Absolute: the folder that files were looked for in. */
  readonly root: string;
  readonly threshold: number;
  readonly thresholdSource: string;
  /** What the model's own evaluation says of its ranking; undefined: it was never measured. */
  readonly measured?: MeasuredRanking | undefined;
  readonly suppressBelow?: number | undefined;
  /** What the scores are, where they are a blend's; in words. */
  readonly blend?: string | undefined;
  readonly cautions: readonly string[];
  /** What the log holds and triage does not read, one sentence each. */
  readonly notRead: readonly string[];
  /** False when it was stopped before the end. */
  readonly complete: boolean;
  readonly counts: TriageCounts;
  /** By rank. */
  readonly findings: readonly TriagedFinding[];
  /** Where labels were given. */
  readonly measures?: OrderMeasures | undefined;
}
