/** @file Counts what a scan left out or found odd, with a few examples of each. Memory does not grow with the tree. */
import type { Noticed, ReadNote, SkipReason } from '../finding.ts';

const EXAMPLES = 5;

interface Example {
  readonly path: string;
  readonly detail: string | undefined;
}

export class Notices {
  readonly #byReason = new Map<
    SkipReason | ReadNote,
    { count: number; files: number; readonly examples: Example[] }
  >();

  /** `count`: of what the reason counts, where that is not files. */
  add(reason: SkipReason | ReadNote, path: string, detail?: string, count = 1): void {
    const entry = this.#byReason.get(reason) ?? { count: 0, files: 0, examples: [] };
    this.#byReason.set(reason, entry);
    entry.count += count;
    entry.files++;
    // Files are read side by side: the first by name, whichever is done first.
    const at = entry.examples.findIndex((other) => path < other.path);
    entry.examples.splice(at < 0 ? entry.examples.length : at, 0, { path, detail });
    if (entry.examples.length > EXAMPLES) entry.examples.pop();
  }

  /** `pathOf` makes of a path what the reader is shown. */
  list(pathOf: (path: string) => string = (path) => path): readonly Noticed[] {
    return [...this.#byReason]
      .map(([reason, { count, files, examples }]) => ({
        reason,
        count,
        ...(files === count ? {} : { files }),
        examples: examples.map(({ path, detail }) =>
          detail === undefined ? pathOf(path) : `${pathOf(path)}: ${detail}`,
        ),
      }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}
