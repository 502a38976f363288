/** @file A tally by name, and its largest entries. */
import type { NamedCounts, TopList } from './dataset-statistics.ts';

const MOST_ENTRIES = 50;

export class TopCounts {
  readonly #names = new Map<string, { functions: number; vulnerable: number }>();
  readonly #missing = { functions: 0, vulnerable: 0 };

  /** One function with its names: none, one, or several (each counts). */
  add(names: readonly string[], vulnerable: 0 | 1): void {
    if (names.length === 0) add(this.#missing, vulnerable);
    for (const name of new Set(names)) {
      const counts = this.#names.get(name) ?? { functions: 0, vulnerable: 0 };
      add(counts, vulnerable);
      this.#names.set(name, counts);
    }
  }

  top(): TopList {
    const all: NamedCounts[] = [...this.#names].map(([name, counts]) => ({ name, ...counts }));
    all.sort((a, b) => b.functions - a.functions || (a.name < b.name ? -1 : 1));
    const others = all.slice(MOST_ENTRIES);
    return {
      entries: all.slice(0, MOST_ENTRIES),
      others: {
        names: others.length,
        functions: others.reduce((sum, { functions }) => sum + functions, 0),
        vulnerable: others.reduce((sum, { vulnerable }) => sum + vulnerable, 0),
      },
      missing: this.#missing,
    };
  }
}

function add(counts: { functions: number; vulnerable: number }, vulnerable: 0 | 1): void {
  counts.functions++;
  counts.vulnerable += vulnerable;
}
