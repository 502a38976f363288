/**
 * @file Fix commits as a source of the dataset builder: a list's rows by repository, a few repositories opened ahead of
 * the one that is read, in the order of the list.
 */
import { VultuneError } from '../../../base/errors.ts';
import type { ChangeSource, FixUnit, SourceContext, SourceInfo } from '../../source.ts';
import type { FixRow } from './fix-list.ts';
import { parseRepository } from './repository-address.ts';
import { type GitOptions, type OpenedFixes, type RepositoryFixes, resolveFixes } from './resolve-fixes.ts';

export interface GitSourceOptions extends GitOptions {
  /** Repositories cloned and opened at once. */
  readonly concurrency: number;
}

/** A larger file is a bundle or data. */
export const DEFAULT_GIT_OPTIONS: GitSourceOptions = {
  merges: 'advisories',
  maxFileBytes: 2 * 2 ** 20,
  concurrency: 4,
};

const MOST_MATCHED = 1000;

export class GitSource implements ChangeSource {
  readonly kind = 'changes';
  #info: SourceInfo;
  readonly count?: number;
  readonly #wanted: readonly RepositoryFixes[];
  /** What was already left out, by reason. */
  readonly #problems: ReadonlyMap<string, number>;
  readonly #options: GitSourceOptions;

  constructor(
    info: SourceInfo,
    wanted: readonly RepositoryFixes[],
    problems: ReadonlyMap<string, number>,
    options: GitSourceOptions,
  ) {
    this.#info = info;
    this.#wanted = wanted;
    this.#problems = problems;
    this.#options = options;
    if (wanted.every(({ messages }) => messages === undefined)) {
      this.count = wanted.reduce((sum, { rows }) => sum + new Set(rows.map((row) => row.commit)).size, 0);
    }
  }

  /** With the newest commit once `units` has looked through a repository's messages. */
  get info(): SourceInfo {
    return this.#info;
  }

  /**
   * Units whose files may be read until the next repository's are, or later at the price of two new processes.
   * @throws VultuneError `GIT_MISSING`; a repository's own error when it is the only one
   */
  async *units(context: SourceContext): AsyncGenerator<FixUnit> {
    for (const [reason, count] of this.#problems) context.tally.add(reason, count);
    const ahead: Promise<Opening>[] = [];
    let next = 0;
    const openNext = () => {
      const wanted = this.#wanted[next++];
      if (wanted !== undefined) ahead.push(this.#open(wanted, context));
    };
    for (let i = 0; i < this.#options.concurrency; i++) openNext();
    let failed = 0;
    try {
      for (const { address } of this.#wanted) {
        context.onMessage?.(`opening ${address.project}`);
        const opened = await ahead.shift()!;
        openNext();
        if ('error' in opened) {
          if (!isOneRepository(opened.error) || ++failed === this.#wanted.length) throw opened.error;
          context.tally.add(`repository cannot be read (${opened.error.code})`);
          continue;
        }
        if (opened.newest !== undefined) {
          const version = [this.#info.version, `up to ${opened.newest}`].filter(Boolean).join(', ');
          this.#info = { ...this.#info, version };
        }
        if (opened.matched.length > 0) {
          const matched = [...(this.#info.matched ?? []), ...opened.matched].slice(0, MOST_MATCHED);
          this.#info = { ...this.#info, matched };
        }
        try {
          yield* opened.units;
        } finally {
          opened.repository.retire();
        }
      }
    } finally {
      for (const opening of ahead) {
        const opened = await opening;
        if (!('error' in opened)) opened.repository.retire();
      }
    }
  }

  /** Never rejects: its turn comes later. */
  async #open(wanted: RepositoryFixes, context: SourceContext): Promise<Opening> {
    return await resolveFixes(wanted, { ...this.#options, ...context }).catch((error: unknown) => ({
      error,
    }));
  }
}

type Opening = OpenedFixes | { readonly error: unknown };

const ONE_REPOSITORY = new Set(['GIT_REPOSITORY_MISSING', 'GIT_CLONE_FAILED', 'GIT_FETCH_FAILED']);

/** An error that leaves the other repositories as they are. */
function isOneRepository(error: unknown): error is VultuneError {
  return error instanceof VultuneError && ONE_REPOSITORY.has(error.code);
}

/**
 * Rows by repository, in the order of first mention.
 * @param base folder that relative paths start from
 */
export function groupByRepository(
  rows: Iterable<FixRow>,
  base: string,
  onRefused: (error: VultuneError, row: FixRow) => void,
): RepositoryFixes[] {
  const groups = new Map<string, RepositoryFixes & { readonly rows: FixRow[] }>();
  for (const row of rows) {
    try {
      const address = parseRepository(row.repository, base);
      const group = groups.get(address.identity) ?? { address, rows: [] };
      group.rows.push(row);
      groups.set(address.identity, group);
    } catch (error) {
      if (!(error instanceof VultuneError)) throw error;
      onRefused(error, row);
    }
  }
  return [...groups.values()];
}
