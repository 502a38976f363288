/**
 * @file The sources that `vultune data build` takes, one row each; a new source is a row. What a source needs is
 * imported when it is opened. Knows nothing of what becomes of its changes and records.
 */
import type { DatasetSource } from '../source.ts';

/** An option of the command line that only some sources have. */
export interface SourceOption {
  /** As commander takes it: `--field <a=b>`; ending in `...>` it may be given several times. */
  readonly flags: string;
  readonly description: string;
}

/** Values of all sources' options by their camel-case names; each source checks its own. */
export type SourceOptions = Readonly<Record<string, unknown>>;

export interface SourceRow {
  readonly name: string;
  /** For the help: one line. */
  readonly summary: string;
  /** What its location is, for the help: `FOLDER`, `FIXES.csv`. */
  readonly location: string;
  readonly options?: readonly SourceOption[];
  /** `location` is what stood after the name, undefined when nothing did. @throws VultuneError `SOURCE_*`, `FILE_*`. */
  open(location: string | undefined, options: SourceOptions): Promise<DatasetSource>;
}

/** In the order of the help. */
export const SOURCES: readonly SourceRow[] = [
  {
    name: 'project-kb',
    summary: 'statements with the changed files of their fix commits',
    location: 'FOLDER',
    open: async (location) => (await import('./project-kb/project-kb.ts')).openProjectKb(location),
  },
];
