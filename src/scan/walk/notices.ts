/** @file Counts what a scan left out or found odd, with a few examples of each. Memory does not grow with the tree. */
import type { Noticed, ReadNote, SkipReason } from '../finding.ts';

const EXAMPLES = 5;

export class Notices {
  readonly #byReason = new Map<SkipReason | ReadNote, { count: number; readonly examples: string[] }>();

  add(reason: SkipReason | ReadNote, path: string): void {
    const entry = this.#byReason.get(reason) ?? { count: 0, examples: [] };
    this.#byReason.set(reason, entry);
    entry.count++;
    if (entry.examples.length < EXAMPLES) entry.examples.push(path);
  }

  list(): readonly Noticed[] {
    return [...this.#byReason]
      .map(([reason, { count, examples }]) => ({ reason, count, examples: [...examples] }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}
