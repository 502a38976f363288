/** @file What a scan takes, what it gives, and where it keeps things. */
import { join } from 'node:path';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import type { Finding, ScanReport } from '../../scan/finding.ts';
import type { Nested } from '../../scan/nested-findings.ts';
import type { Shard } from '../../shards/shard.ts';
import type { PrecisionOptions } from '../open/precision.ts';

export type ThresholdChoice = number | 'f1';

export const DEFAULT_FRAMES = 20;

export interface ScanOptions extends PrecisionOptions {
  /** A run folder, an adapter folder, or an adapter's id on the hub. */
  readonly run: string;
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Globs: only these files; default: all. */
  readonly include?: readonly string[] | undefined;
  /** Globs: not these files or folders; default: none. */
  readonly exclude?: readonly string[] | undefined;
  /** A folder that globs may be relative to, as they may be to the current one and to the scanned ones. */
  readonly globFolder?: string | undefined;
  /** Leave out what .gitignore excludes and git does not track; default: true. */
  readonly gitignore?: boolean | undefined;
  /** Scan minified files too; default: false. Those that are named are scanned in any case. */
  readonly includeMinified?: boolean | undefined;
  /** Scan tests, fuzzing, benchmarks, examples and vendored code too; default: false. Those that are named are scanned in any case. */
  readonly includeTests?: boolean | undefined;
  /** Score functions whose body is empty or one value too; default: false. */
  readonly includeTrivial?: boolean | undefined;
  /** Scan files whose first comments say that a program wrote them; default: false. Those that are named are scanned in any case. */
  readonly includeGenerated?: boolean | undefined;
  /** What becomes of a finding in another one; default: `inner`, the innermost where it explains the one around. */
  readonly nested?: Nested | undefined;
  /** A commit: only functions that differ from it; default: all functions. */
  readonly diff?: string | undefined;
  /** A file of findings that are not reported; default: none. */
  readonly baseline?: string | undefined;
  /** Findings with a lower score are hidden; default: 0. */
  readonly minConfidence?: number | undefined;
  /**
   * Score from which a function is called vulnerable; `f1`: the one with the best F1 on validation. Default: the one that flags at
   * most 1 in 50 functions of validation that are not vulnerable; of an adapter without it, its threshold, or 0.5.
   */
  readonly threshold?: ThresholdChoice | undefined;
  /** `auto`: scores of the blend where the adapter has one that ranked validation better; `off`: the model's own. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  /** Instead of `threshold`: a share of the run's safe validation functions that may be flagged. */
  readonly maxFalsePositives?: number | undefined;
  /** Share of vulnerable functions where the model is used: scores and threshold are moved to it. */
  readonly prevalence?: number | undefined;
  /** Tokens of a function that are read; default: the adapter's, or the model's. */
  readonly maxLength?: number | undefined;
  /** Send functions to the endpoint of a run of `vultune prompt`; default: false. */
  readonly allowEndpoint?: boolean | undefined;
  /** Use and keep scores of earlier scans; default: true. */
  readonly cache?: boolean | undefined;
  /** Findings listed at most, the highest-scoring ones; the others are counted. Default: all. */
  readonly top?: number | undefined;
  /** Highest-scoring findings that keep their code; default: 20. */
  readonly frames?: number | undefined;
  /** Find the lines that made the scores of the findings with code; default: true. */
  readonly lines?: boolean | undefined;
  /** The parts of all shards of this scan: nothing is scored, and the tree is reported with their scores. */
  readonly merge?: readonly string[] | undefined;
}

export interface ScanShardOptions extends ScanOptions {
  readonly shard: Shard;
  /** The part to write. */
  readonly out: string;
}

export interface ScanShardResult {
  /** False where the signal stopped the scan: no part is written then. */
  readonly complete: boolean;
  /** Functions of the whole tree, those of other shards among them. */
  readonly functions: number;
  /** Different texts that this shard scored. */
  readonly scored: number;
}

export interface ScanResult {
  /** `complete` is false where the signal stopped the scan: it has what was known by then. */
  readonly report: ScanReport;
  /** What a new baseline is made of: the findings that are not suppressed, those of the old baseline among them. */
  readonly unsuppressed: readonly Finding[];
}

/** What scans keep from one to the next. */
export const scanCacheFolder = () => join(vultuneCacheDir(undefined), 'scan');
