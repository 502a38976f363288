/**
 * @file What is counted about a dataset: plain data, JSON-serialisable, of bounded size however large the dataset is.
 * Holds nothing but the shapes; the report page and `data stats` show it, collect-statistics.ts fills it.
 */
import type { RecordSet } from '../record.ts';

export interface DatasetStatistics {
  readonly format: 'vultune-dataset-statistics';
  readonly formatVersion: 1;
  /** What was read, as given on the command line. */
  readonly name: string;
  readonly files: readonly FileStatistics[];
  readonly total: Counts;
  /** By name of the part, in the order train, valid, test, others; one part `all` where nothing says a split. */
  readonly parts: Readonly<Record<string, PartStatistics>>;
  /** Sorted by functions, most first; see `TopList`. Functions without the field are counted in `missing`. */
  readonly languages: TopList;
  readonly cwes: TopList;
  readonly projects: TopList;
  readonly dates: DateStatistics;
  readonly lengths: LengthStatistics;
  readonly duplicates: DuplicateStatistics;
  readonly pairs: PairStatistics;
}

export interface FileStatistics {
  readonly path: string;
  readonly functions: number;
  readonly vulnerable: number;
}

export interface Counts {
  readonly functions: number;
  /** Target 1. */
  readonly vulnerable: number;
}

export interface PartStatistics extends Counts {
  /** P1, P2, P3 and `none` (the record does not say). */
  readonly sets: Readonly<Record<RecordSet | 'none', number>>;
  readonly pairs: number;
  readonly projects: number;
  readonly commits: number;
  readonly cves: number;
}

/** The largest entries of a tally; the others only summed up. A function with two CWEs counts for both. */
export interface TopList {
  /** At most 50. */
  readonly entries: readonly NamedCounts[];
  /** What is beyond the entries shown. */
  readonly others: Counts & { readonly names: number };
  /** Functions that do not say. */
  readonly missing: Counts;
}

export interface NamedCounts extends Counts {
  readonly name: string;
}

export interface DateStatistics {
  /** ISO 8601 days; null where no function has a date. */
  readonly first: string | null;
  readonly last: string | null;
  readonly missing: number;
  /** In order, without gaps: `2021` for more than six years, else `2021-Q3`. */
  readonly unit: 'year' | 'quarter';
  readonly buckets: readonly NamedCounts[];
}

export interface LengthStatistics {
  /** What counted: a model's tokenizer by name, or `estimate` (3.2 characters a token). */
  readonly tokenizer: string;
  readonly isEstimate: boolean;
  /** The buckets of the paper's Table 1: up to 10, 20, 50, 100, 300, 500, 1000, 2000 tokens, and above. */
  readonly buckets: readonly LengthBucket[];
  readonly mean: number;
  /** From counts per length up to 2^20 tokens: exact. */
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly longest: number;
  readonly totalTokens: number;
}

export interface LengthBucket extends Counts {
  /** Tokens, exclusive at the lower end but for the first bucket. */
  readonly above: number;
  /** Inclusive; null in the last bucket. */
  readonly upTo: number | null;
  /** `0-10`, `10-20`, ... `>2000`, as printed in the paper. */
  readonly label: string;
}

export interface DuplicateStatistics {
  /** Groups of two or more functions equal but for comments and white space, and what is in them beyond the first. */
  readonly exactGroups: number;
  readonly exactExtra: number;
  /** The same of near duplicates (exact ones included). */
  readonly nearGroups: number;
  readonly nearExtra: number;
  readonly threshold: number;
  /** Bodies that occur with both labels. */
  readonly conflicts: number;
  /** Near-duplicate groups that lie in several parts. */
  readonly crossing: number;
}

export interface PairStatistics {
  readonly count: number;
  /** Seeded sample of P1 with its P2; at most 40, of functions of at most 20,000 characters. */
  readonly samples: readonly SampledPair[];
}

export interface SampledPair {
  readonly pair: string;
  readonly before: string;
  readonly after: string;
  readonly part: string;
  readonly functionName?: string;
  readonly path?: string;
  readonly project?: string;
  readonly commit?: string;
  readonly date?: string;
  readonly cve?: string;
  readonly cwe?: readonly string[];
  readonly language?: string;
}
