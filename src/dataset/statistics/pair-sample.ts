/**
 * @file A seeded sample of pairs (a function before and after its fix), whatever the order in which the records come.
 * Holds the code of a bounded number of candidates. How a difference is shown is decided elsewhere.
 */
import { createHash } from 'node:crypto';
import type { DatasetRecord } from '../record.ts';
import type { SampledPair } from './dataset-statistics.ts';

/** Longer functions are of no use on a page. */
const MOST_CHARACTERS = 20_000;
/** Candidates for each place: some are halves without a partner, or too long. */
const SPARE = 4;

interface Candidate {
  readonly rank: string;
  before?: { readonly record: DatasetRecord; readonly part: string };
  after?: DatasetRecord;
}

export class PairSample {
  readonly #seed: number;
  readonly #size: number;
  /** By pair: 1 before seen, 2 after seen, 3 both. */
  readonly #seen = new Map<string, number>();
  readonly #candidates = new Map<string, Candidate>();
  #highest = '';

  constructor(seed: number, size: number) {
    this.#seed = seed;
    this.#size = size;
  }

  /** Pairs of which both halves were seen. */
  get count(): number {
    let complete = 0;
    for (const halves of this.#seen.values()) if (halves === 3) complete++;
    return complete;
  }

  add(record: DatasetRecord, part: string): void {
    const { pair, set, target } = record;
    if (pair === undefined) return;
    const isBefore = set === undefined ? target === 1 : set === 'P1';
    this.#seen.set(pair, (this.#seen.get(pair) ?? 0) | (isBefore ? 1 : 2));
    const rank = createHash('sha256').update(`${this.#seed} ${pair}`).digest('hex').slice(0, 24);
    const isFull = this.#candidates.size >= this.#size * SPARE;
    if (isFull && rank > this.#highest && !this.#candidates.has(pair)) return;
    const candidate: Candidate = this.#candidates.get(pair) ?? { rank };
    // Several of one side: the first by text, so that the order of the records does not matter.
    if (isBefore) {
      if (candidate.before === undefined || record.code < candidate.before.record.code) {
        candidate.before = { record, part };
      }
    } else if (candidate.after === undefined || record.code < candidate.after.code) candidate.after = record;
    this.#candidates.set(pair, candidate);
    this.#shrink();
  }

  /** In the order of their seeded ranks. */
  samples(): SampledPair[] {
    return [...this.#candidates]
      .sort(([, a], [, b]) => (a.rank < b.rank ? -1 : 1))
      .flatMap(([pair, candidate]) => toSample(pair, candidate) ?? [])
      .slice(0, this.#size);
  }

  #shrink(): void {
    const ranks = [...this.#candidates].map(([pair, { rank }]) => ({ pair, rank }));
    if (ranks.length > this.#size * SPARE) {
      const last = ranks.reduce((a, b) => (b.rank > a.rank ? b : a));
      this.#candidates.delete(last.pair);
    }
    this.#highest = ranks.reduce((highest, { rank, pair }) => {
      return this.#candidates.has(pair) && rank > highest ? rank : highest;
    }, '');
  }
}

function toSample(pair: string, { before, after }: Candidate): SampledPair | undefined {
  if (before === undefined || after === undefined) return undefined;
  const { record, part } = before;
  if (Math.max(record.code.length, after.code.length) > MOST_CHARACTERS) return undefined;
  const facts = {
    functionName: record.function_name,
    path: record.path,
    project: record.project,
    commit: record.commit,
    date: record.date,
    cve: record.cve,
    cwe: record.cwe,
    language: record.language,
  };
  const known = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined));
  return { pair, before: record.code, after: after.code, part, ...known };
}
