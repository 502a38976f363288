/**
 * @file The sources that `vultune data build` takes, one row each; a new source is a row. What a source needs is
 * imported when it is opened. What becomes of its changes and records is the builder's business.
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
  open(location: string | undefined, options: SourceOptions, signal?: AbortSignal): Promise<DatasetSource>;
}

/** In the order of the help. */
export const SOURCES: readonly SourceRow[] = [
  {
    name: 'project-kb',
    summary: 'statements with the changed files of their fix commits',
    location: 'FOLDER',
    open: async (location) => (await import('./project-kb/project-kb.ts')).openProjectKb(location),
  },
  {
    name: 'git',
    summary:
      'fix commits: a list (CSV with the columns repository, commit and, where known, cve, cwe; or JSON lines), or the commits of one repository whose messages match',
    location: 'FIXES.csv',
    options: [
      {
        flags: '--repository <path|url>',
        description: 'git: one repository instead of a list; needs --fixes',
      },
      { flags: '--fixes <pattern>', description: 'git: commits whose message matches are the fixes' },
      {
        flags: '--merges <how>',
        description:
          'git: commits of several parents: advisories (those listed, or naming a CVE or GHSA, against their first parent; default), skip or first-parent',
      },
      { flags: '--clones <n>', description: 'git: repositories cloned and opened at once (default: 4)' },
      { flags: '--max-file-size <bytes>', description: 'git: skip larger files (default: 2 MiB)' },
    ],
    open: async (location, options) => {
      const { openFixList, openOneRepository } = await import('./git/open-git.ts');
      if (location === undefined && options.repository !== undefined)
        return openOneRepository('git', options);
      return openFixList('git', location, options);
    },
  },
  {
    name: 'vcmatch',
    summary: "VCMatch's lists of repository, CVE and fix commit, through git",
    location: 'FIXES.csv',
    open: async (location, options) =>
      (await import('./git/open-git.ts')).openFixList('vcmatch', location, options),
  },
  {
    name: 'npm',
    summary:
      'releases of npm packages around a fix, fetched with npm; for a table that names functions: data build npm',
    location: 'ADVISORIES.jsonl',
    open: async (location) => (await import('./advisories/open-advisories.ts')).openReleases('npm', location),
  },
  {
    name: 'pypi',
    summary: 'releases of Python projects around a fix, fetched with pip; none of their code is run',
    location: 'ADVISORIES.jsonl',
    open: async (location) =>
      (await import('./advisories/open-advisories.ts')).openReleases('pypi', location),
  },
  {
    name: 'maven',
    summary: "sources of Maven releases around a fix, fetched with mvn; project-kb's statements name some",
    location: 'ADVISORIES.jsonl|STATEMENTS',
    open: async (location) =>
      (await import('./advisories/open-advisories.ts')).openReleases('maven', location),
  },
  {
    name: 'osv',
    summary: "advisories in OSV's JSON: releases of npm, PyPI and Maven, and fix commits",
    location: 'FOLDER|FILE.json|FILE.zip',
    open: async (location, options) =>
      (await import('./advisories/open-advisories.ts')).openOsv(location, options),
  },
  {
    name: 'cvefixes',
    summary: "CVEfixes' database: files before and after each fix",
    location: 'CVEfixes.db',
    open: async (location, _options, signal) =>
      (await import('./cvefixes.ts')).openCvefixes(location, signal),
  },
  {
    name: 'draper',
    summary: 'VDISC, labelled by static analysers, in HDF5',
    location: 'VDISC_train.hdf5',
    open: async (location, _options, signal) =>
      (await import('./published.ts')).openPublished(location, { format: 'draper' }, signal),
  },
  {
    name: 'published',
    summary: 'functions with labels of their own: X_1, SVEN, PrimeVul, Big-Vul ..., or any table',
    location: 'FILE|FOLDER',
    options: [
      { flags: '--format <name>', description: "published: its format, if it can't be detected" },
      { flags: '--field <field=column...>', description: 'published: which column is which field' },
      { flags: '--vulnerable <words...>', description: 'published: labels that mean vulnerable' },
      { flags: '--safe <words...>', description: 'published: labels that mean safe' },
    ],
    open: async (location, options, signal) =>
      (await import('./published.ts')).openPublished(location, options, signal),
  },
];
