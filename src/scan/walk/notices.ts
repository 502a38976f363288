/** @file Counts what a scan left out or found odd, with a few examples of each. Memory does not grow with the tree. */
import type { Noticed, ReadNote, SkipReason } from '../finding.ts';

const EXAMPLES = 5;

interface Example {
  readonly path: string;
  readonly detail: string | undefined;
}

export class Notices {
  readonly #byReason = new Map<SkipReason | ReadNote, { count: number; readonly examples: Example[] }>();

  add(reason: SkipReason | ReadNote, path: string, detail?: string): void {
    const entry = this.#byReason.get(reason) ?? { count: 0, examples: [] };
    this.#byReason.set(reason, entry);
    entry.count++;
    if (entry.examples.length < EXAMPLES) entry.examples.push({ path, detail });
  }

  /** `pathOf` makes of a path what the reader is shown. */
  list(pathOf: (path: string) => string = (path) => path): readonly Noticed[] {
    return [...this.#byReason]
      .map(([reason, { count, examples }]) => ({
        reason,
        count,
        examples: examples.map(({ path, detail }) =>
          detail === undefined ? pathOf(path) : `${pathOf(path)}: ${detail}`,
        ),
      }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}
