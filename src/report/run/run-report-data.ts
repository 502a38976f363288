/** @file What a run's page is drawn from: plain data (JSON). Holds nothing but the shapes. */
import type { Conclusion } from '../../evaluation/conclusion.ts';
import type { CweRow } from '../../evaluation/cwe/fold-classes.ts';
import type { ReportData } from '../../evaluation/report-data.ts';
import type { Verdict } from '../../evaluation/verdicts.ts';

export type RunStatus = 'running' | 'finished' | 'interrupted' | 'stopped';

export interface RunReportData {
  readonly formatVersion: 1;
  /** The folder's last name, or as much of its path as tells it from the others on the page. */
  readonly name: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** `stopped`: no process is at it, and it says neither that it finished nor that it was interrupted. */
  readonly status: RunStatus;
  readonly step: number;
  /** 0 where the run did not get as far as saying. */
  readonly totalSteps: number;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly files: readonly ReportFile[];
  /** One a validation, in order. */
  readonly epochs: readonly EpochPoint[];
  /** Thinned to a few hundred, each the mean of those it stands for. */
  readonly steps: readonly StepPoint[];
  readonly totals: RunTotals;
  /** What was cut of each part; missing where the run does not know. */
  readonly truncation?: readonly TruncationReport[];
  /** Validation, then test, as far as they were scored. */
  readonly sets: readonly SetReport[];
}

export interface ReportFile {
  readonly role: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface TruncationReport {
  readonly part: string;
  readonly functions: number;
  /** Longer than max_length. */
  readonly truncated: number;
  readonly pairs: number;
  /** The same within max_length under both labels. */
  readonly identicalPairs: number;
  /** Functions of such pairs that training leaves out; only the training part has any. */
  readonly leftOut: number;
}

export interface EpochPoint {
  readonly epoch: number;
  readonly step: number;
  /** By snake_case name, null where not defined. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly isBest: boolean;
}

export interface StepPoint {
  readonly epoch: number;
  readonly lossNats: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
  /** Padding among all tokens computed. */
  readonly paddingShare: number;
}

export interface RunTotals {
  readonly steps: number;
  readonly functions: number;
  readonly tokens: number;
  readonly durationMs: number;
  readonly tokensPerSecond: number | null;
  readonly paddingShare: number | null;
  readonly peakMemoryBytes: number | null;
}

export interface SetReport {
  readonly name: 'valid' | 'test';
  readonly measured: ReportData;
  /** The model first, then its baselines and the blend. */
  readonly rows: readonly MetricsRow[];
  /** Whether the model beats chance and its best baseline; stands first. */
  readonly conclusion: Conclusion;
  /** What the model does not beat, a sentence each; or that it beats them all. */
  readonly verdicts: readonly Verdict[];
  /** Whether the data file is still as it was, so that code, sets and CWEs are known. */
  readonly hasRecords: boolean;
  readonly mistakes: readonly Mistake[];
  /** How often its CWE head is right; missing without such a head. */
  readonly cwe?: CweReport;
}

export interface CweReport {
  readonly used: boolean;
  readonly functions: number;
  readonly outside: number;
  readonly unnamed: number;
  /** The head's, then those of the most frequent class; by snake_case name. */
  readonly rows: readonly MetricsRow[];
  readonly byCwe: readonly CweRow[];
}

export interface MetricsRow {
  readonly label: string;
  /** By snake_case name. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** 95 %; by snake_case name, as far as there are any. */
  readonly intervals: Readonly<Record<string, readonly [low: number, high: number]>>;
  readonly note?: string;
}

export interface Mistake {
  readonly title: string;
  readonly score: number;
  readonly target: 0 | 1;
  readonly facts: readonly string[];
  readonly code: string | undefined;
  /** [lines] 0 to 1: what mattered to the score. */
  readonly heat?: readonly number[];
}
