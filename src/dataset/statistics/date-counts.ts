/** @file Functions by the year or quarter of their date, whatever the date stands for. */
import { utcDay } from '../record-date.ts';
import type { DateStatistics, NamedCounts } from './dataset-statistics.ts';

/** From so many years on quarters would be too many. */
const MOST_YEARS_IN_QUARTERS = 6;

export class DateCounts {
  /** By month, `2021-07`. */
  readonly #months = new Map<string, { functions: number; vulnerable: number }>();
  #first: string | null = null;
  #last: string | null = null;
  #missing = 0;

  /** The UTC day of an ISO 8601 date counts, or its month where it has no day; anything else counts as missing. */
  add(date: string | undefined, vulnerable: 0 | 1): void {
    const text = date === undefined ? undefined : (utcDay(date) ?? monthOf(date));
    if (text === undefined) {
      this.#missing++;
      return;
    }
    const month = text.slice(0, '2021-07'.length);
    if (this.#first === null || text < this.#first) this.#first = text;
    if (this.#last === null || text > this.#last) this.#last = text;
    const counts = this.#months.get(month) ?? { functions: 0, vulnerable: 0 };
    counts.functions++;
    counts.vulnerable += vulnerable;
    this.#months.set(month, counts);
  }

  counts(): DateStatistics {
    const [first, last, missing] = [this.#first, this.#last, this.#missing];
    if (first === null || last === null) return { first, last, missing, unit: 'year', buckets: [] };
    const [from, to] = [Number(first.slice(0, 4)), Number(last.slice(0, 4))];
    const unit = to - from >= MOST_YEARS_IN_QUARTERS ? 'year' : 'quarter';
    const names = bucketNames(from, to, unit).filter(
      (name) => name >= bucketOf(first, unit) && name <= bucketOf(last, unit),
    );
    const buckets = new Map(names.map((name) => [name, { functions: 0, vulnerable: 0 }]));
    for (const [month, { functions, vulnerable }] of this.#months) {
      const bucket = buckets.get(bucketOf(month, unit))!;
      bucket.functions += functions;
      bucket.vulnerable += vulnerable;
    }
    return {
      first,
      last,
      missing,
      unit,
      buckets: [...buckets].map(([name, counts]): NamedCounts => ({ name, ...counts })),
    };
  }
}

const monthOf = (date: string) => /^\d{4}-(?:0[1-9]|1[0-2])$/.exec(date.trim())?.[0];

function bucketOf(date: string, unit: 'year' | 'quarter'): string {
  const year = date.slice(0, 4);
  return unit === 'year' ? year : `${year}-Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;
}

function bucketNames(from: number, to: number, unit: 'year' | 'quarter'): string[] {
  const years = Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(4, '0'));
  return unit === 'year' ? years : years.flatMap((year) => [1, 2, 3, 4].map((q) => `${year}-Q${q}`));
}
