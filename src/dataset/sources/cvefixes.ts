/**
 * @file A CVEfixes database (Bhandari et al., 2021) as a source for the builder: files before and after each fix, or,
 * where it was published without them, the functions that its authors cut out. The database is read in workers.
 */
import { statSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { type BoundedPool, createBoundedPool } from '../../workers/bounded-pool.ts';
import { runBounded } from '../../workers/bounded-worker.ts';
import { CHANGE_JOB, FIXES_JOB, HOLDS_FILES_JOB } from '../formats/cvefixes/database-jobs.ts';
import { type LinkedDatabase, linkDatabase } from '../formats/cvefixes/database-link.ts';
import type { Fix } from '../formats/cvefixes/fixes.ts';
import { foreignBounds, readForeign } from '../formats/foreign/read-foreign.ts';
import type { ChangeSource, DatasetSource, FixUnit, SourceInfo } from '../source.ts';
import { openPublished } from './published.ts';

/** Threads that read files of fixes; a build has as many fixes under way as it has parsers. */
const READERS = 2;
const READER_IDLE_MS = 1_000;

/** @throws VultuneError `SOURCE_LOCATION`, `DATASET_FILE_MISSING`, `DATASET_SQLITE_BROKEN`. */
export async function openCvefixes(
  location: string | undefined,
  signal?: AbortSignal,
): Promise<DatasetSource> {
  if (location === undefined) {
    throw new VultuneError('SOURCE_LOCATION', 'cvefixes needs its database', {
      hint: 'write cvefixes=CVEfixes.db, the SQLite file made from the published dump',
    });
  }
  const withFiles = await withLink(location, (file) =>
    runBounded(HOLDS_FILES_JOB, file, foreignBounds('sqlite', file, signal)),
  );
  const info: SourceInfo = {
    name: 'cvefixes',
    location,
    license: 'CC-BY-4.0 (database); of the code: its projects',
  };
  if (withFiles) return changeSource(location, info);
  return { ...(await openPublished(location, { format: 'cvefixes' }, signal)), info };
}

function changeSource(path: string, info: SourceInfo): ChangeSource {
  let count: number | undefined;
  return {
    kind: 'changes',
    info,
    get count() {
      return count;
    },
    async *units({ tally, signal, onProgress }) {
      const onShare = (share: number) =>
        onProgress?.({ phase: 'list', done: share, total: 1, message: 'commits and their files' });
      onShare(0);
      const fixes = await withLink(path, async (file) => {
        const found: Fix[] = [];
        const listed = readForeign(FIXES_JOB, file, 'sqlite', file, { tally, signal, onBytes: onShare });
        for await (const fix of listed) found.push(fix);
        return found;
      });
      count = fixes.length;
      const { size, mtimeMs } = statSync(path);
      const { timeoutMs, memoryMb, onLimit } = foreignBounds('sqlite', { path, sizeBytes: size }, undefined);
      const readers = createBoundedPool({
        threads: READERS,
        timeoutMs,
        memoryMb,
        onLimit,
        idleMs: READER_IDLE_MS,
      });
      for (const fix of fixes) {
        signal.throwIfAborted();
        yield fixUnit(path, fix, `${size}:${Math.round(mtimeMs)}`, readers);
      }
    },
  };
}

function fixUnit(path: string, { facts, fileRows }: Fix, version: string, readers: BoundedPool): FixUnit {
  return {
    key: `cvefixes:${facts.project}:${facts.commit}:${version}`,
    facts,
    async *files(tally, signal) {
      const { remove, ...file } = linkDatabase(path);
      try {
        for (const row of fileRows) {
          const change = await readers.run(CHANGE_JOB, { file, row }, signal);
          if (typeof change === 'string') tally.add(change);
          else yield change;
        }
      } finally {
        remove();
      }
    },
  };
}

async function withLink<T>(path: string, use: (file: LinkedDatabase) => Promise<T>): Promise<T> {
  const { remove, ...file } = linkDatabase(path);
  try {
    return await use(file);
  } finally {
    remove();
  }
}
