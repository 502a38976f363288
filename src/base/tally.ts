/** @file Counts by reason: what a reader or a builder leaves out, in the words of a card. */

/** Counts of what was left out, by reason, in the words of the card ("merge commit", "not UTF-8"). */
export interface Tally {
  add(reason: string, count?: number): void;
}

export class ReasonTally implements Tally {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    this.#counts.set(reason, this.of(reason) + count);
  }

  of(reason: string): number {
    return this.#counts.get(reason) ?? 0;
  }

  addAll(counts: Readonly<Record<string, number>>): void {
    for (const [reason, count] of Object.entries(counts)) this.add(reason, count);
  }

  /** Reasons by name; none that counts nothing. */
  counts(): Record<string, number> {
    const entries = [...this.#counts].filter(([, count]) => count > 0);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
