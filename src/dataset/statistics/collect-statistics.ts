/**
 * @file Counts a dataset in one pass over its records. Memory grows with names (projects, commits, CVEs, pairs) and about
 * 250 bytes a function for duplicates, not with code. Knows no tokenizer: it is given one.
 */

import { RecordIndex } from '../check/record-index.ts';
import { DEFAULT_THRESHOLD } from '../duplicates/near-duplicates.ts';
import { compareParts, type PartRecord } from '../formats/read-parts.ts';
import { recordKeys } from '../record-keys.ts';
import type {
  Counts,
  DatasetStatistics,
  DuplicateStatistics,
  FileStatistics,
  PartStatistics,
} from './dataset-statistics.ts';
import { DateCounts } from './date-counts.ts';
import { LengthCounts } from './length-counts.ts';
import { PairSample } from './pair-sample.ts';
import { TopCounts } from './top-counts.ts';

export interface CollectOptions {
  readonly name: string;
  /** Default: 3.2 characters a token. */
  readonly tokenizer?: { readonly name: string; readonly countTokens: (text: string) => number };
  /** Near duplicates; default 0.9. */
  readonly threshold?: number;
  /** Chooses the sampled pairs; default 42. */
  readonly seed?: number;
  /** Default 40. */
  readonly sampledPairs?: number;
}

export const CHARACTERS_PER_TOKEN = 3.2;

/** The same records in any order give the same statistics, but for the order of files. */
export async function collectStatistics(
  records: AsyncIterable<PartRecord> | Iterable<PartRecord>,
  options: CollectOptions,
): Promise<DatasetStatistics> {
  const threshold = options.threshold ?? DEFAULT_THRESHOLD;
  const index = new RecordIndex(threshold);
  const files = new Map<string, MutableCounts>();
  const parts = new Map<string, PartCounter>();
  const [languages, cwes, projects] = [new TopCounts(), new TopCounts(), new TopCounts()];
  const dates = new DateCounts();
  const lengths = new LengthCounts(options.tokenizer?.countTokens ?? estimateTokens);
  const pairs = new PairSample(options.seed ?? 42, options.sampledPairs ?? 40);
  for await (const placed of records) {
    const { record, file, part } = placed;
    index.add(placed);
    const vulnerable = record.target === 1 ? 1 : 0;
    count(
      entry(files, file, () => ({ functions: 0, vulnerable: 0 })),
      vulnerable,
    );
    entry(parts, part, () => new PartCounter()).add(placed);
    languages.add(record.language === undefined ? [] : [record.language.toLowerCase()], vulnerable);
    cwes.add(record.cwe ?? [], vulnerable);
    projects.add(record.project === undefined ? [] : [record.project], vulnerable);
    dates.add(record.date, vulnerable);
    lengths.add(record.code, vulnerable);
    pairs.add(record, part);
  }
  return {
    format: 'vultune-dataset-statistics',
    formatVersion: 1,
    name: options.name,
    files: [...files].map(([path, counts]): FileStatistics => ({ path, ...counts })),
    total: sumCounts([...files.values()]),
    parts: Object.fromEntries(
      [...parts].sort(([a], [b]) => compareParts(a, b)).map(([name, counter]) => [name, counter.counts()]),
    ),
    languages: languages.top(),
    cwes: cwes.top(),
    projects: projects.top(),
    dates: dates.counts(),
    lengths: {
      tokenizer: options.tokenizer?.name ?? 'estimate',
      isEstimate: options.tokenizer === undefined,
      ...lengths.counts(),
    },
    duplicates: countDuplicates(index, threshold),
    pairs: { count: pairs.count, samples: pairs.samples() },
  };
}

interface MutableCounts {
  functions: number;
  vulnerable: number;
}

class PartCounter {
  readonly #counts: MutableCounts = { functions: 0, vulnerable: 0 };
  readonly #sets = { P1: 0, P2: 0, P3: 0, none: 0 };
  readonly #pairs = new Set<string>();
  readonly #projects = new Set<string>();
  readonly #commits = new Set<string>();
  readonly #cves = new Set<string>();

  add({ record }: PartRecord): void {
    count(this.#counts, record.target === 1 ? 1 : 0);
    this.#sets[record.set ?? 'none']++;
    const { pair, commit, cves } = recordKeys(record);
    if (pair !== undefined) this.#pairs.add(pair);
    if (commit !== undefined) this.#commits.add(commit);
    if (record.project !== undefined) this.#projects.add(record.project);
    for (const cve of cves) this.#cves.add(cve);
  }

  counts(): PartStatistics {
    return {
      ...this.#counts,
      sets: this.#sets,
      pairs: this.#pairs.size,
      projects: this.#projects.size,
      commits: this.#commits.size,
      cves: this.#cves.size,
    };
  }
}

function countDuplicates(index: RecordIndex, threshold: number): DuplicateStatistics {
  const [exact, near] = [index.exact.groups(), index.near!.groups()];
  const exactSizes = groupSizes(exact);
  const nearSizes = groupSizes(near);
  const labels = new Uint8Array(index.count);
  const conflicting = new Set<number>();
  const crossing = new Set<number>();
  for (let i = 0; i < index.count; i++) {
    const root = exact[i]!;
    const target = index.targetOf(i);
    if (target !== null) labels[root]! |= target === 1 ? 2 : 1;
    if (labels[root] === 3) conflicting.add(root);
    if (index.partOf(i) !== index.partOf(near[i]!)) crossing.add(near[i]!);
  }
  return {
    exactGroups: exactSizes.groups,
    exactExtra: exactSizes.extra,
    nearGroups: nearSizes.groups,
    nearExtra: nearSizes.extra,
    threshold,
    conflicts: conflicting.size,
    crossing: crossing.size,
  };
}

/** Groups of two and more, and what is in them beyond the first ones. */
function groupSizes(roots: Int32Array): { readonly groups: number; readonly extra: number } {
  const repeated = new Set<number>();
  let extra = 0;
  roots.forEach((root, i) => {
    if (root === i) return;
    repeated.add(root);
    extra++;
  });
  return { groups: repeated.size, extra };
}

function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function count(counts: MutableCounts, vulnerable: 0 | 1): void {
  counts.functions++;
  counts.vulnerable += vulnerable;
}

function sumCounts(all: readonly Counts[]): Counts {
  return {
    functions: all.reduce((sum, { functions }) => sum + functions, 0),
    vulnerable: all.reduce((sum, { vulnerable }) => sum + vulnerable, 0),
  };
}
