/**
 * @file A CVEfixes database (Bhandari et al., 2021) as a source for the builder: files before and after each fix, or,
 * where it was published without them, the functions that its authors cut out.
 */
import { statSync } from 'node:fs';
import { VultuneError } from '../../../base/errors.ts';
import type {
  ChangeSource,
  DatasetSource,
  FileChange,
  FixUnit,
  SourceInfo,
  Tally,
} from '../../build/source.ts';
import { languageOfPath } from '../../functions/languages.ts';
import { textOf } from '../published/cells.ts';
import { openPublished } from '../published-source.ts';
import { openDatabase } from './database.ts';
import { type Fix, hasFileContents, listFixes } from './fixes.ts';

/** A larger source file is data or generated. In characters. */
const MAX_FILE_LENGTH = 5 * 2 ** 20;

/** @throws VultuneError `SOURCE_LOCATION`, `DATASET_FILE_MISSING`, `DATASET_SQLITE_BROKEN`. */
export async function openCvefixes(location: string | undefined): Promise<DatasetSource> {
  if (location === undefined) {
    throw new VultuneError('SOURCE_LOCATION', 'cvefixes needs its database', {
      hint: 'write cvefixes=CVEfixes.db, the SQLite file made of the published dump',
    });
  }
  const database = openDatabase(location);
  let withFiles: boolean;
  try {
    withFiles = hasFileContents(database);
  } finally {
    database.close();
  }
  const info: SourceInfo = {
    name: 'cvefixes',
    location,
    license: 'CC-BY-4.0 (database); of the code: its projects',
  };
  if (withFiles) return changeSource(location, info);
  return { ...(await openPublished(location, { format: 'cvefixes' })), info };
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
      const database = openDatabase(path);
      let fixes: readonly Fix[];
      try {
        const onShare = (share: number) =>
          onProgress?.({ stage: 'list', done: share, total: 1, message: 'commits and their files' });
        onShare(0);
        const listed = await listFixes(database, { signal, onShare });
        if (listed.missing > 0) tally.add('fix whose commit is not in the database', listed.missing);
        fixes = listed.fixes;
        count = fixes.length;
      } finally {
        database.close();
      }
      const { size, mtimeMs } = statSync(path);
      for (const fix of fixes) {
        signal.throwIfAborted();
        yield fixUnit(path, fix, `${size}:${Math.round(mtimeMs)}`);
      }
    },
  };
}

function fixUnit(path: string, { facts, fileRows }: Fix, version: string): FixUnit {
  return {
    key: `cvefixes:${facts.project}:${facts.commit}:${version}`,
    facts,
    async *files(tally, signal) {
      const database = openDatabase(path);
      try {
        const names = database.prepare(
          'SELECT old_path, new_path, filename, change_type, length(code_before) AS before_length, ' +
            'length(code_after) AS after_length FROM file_change WHERE rowid = ?',
        );
        const contents = database.prepare('SELECT code_before, code_after FROM file_change WHERE rowid = ?');
        for (const row of fileRows) {
          signal.throwIfAborted();
          const change = fileNames(names([row]) ?? {}, tally);
          if (change === undefined) continue;
          const code = contents([row]);
          yield { ...change, before: sourceOf(code?.code_before), after: sourceOf(code?.code_after) };
        }
      } finally {
        database.close();
      }
    },
  };
}

/** Where the file is and was; undefined, with a count, for one that is not wanted: its text is never read. */
function fileNames(
  row: Readonly<Record<string, unknown>>,
  tally: Tally,
): Pick<FileChange, 'path' | 'pathBefore'> | undefined {
  const [oldPath, newPath] = [textOf(row.old_path), textOf(row.new_path)];
  const path = (newPath ?? oldPath ?? textOf(row.filename) ?? '').replaceAll('\\', '/');
  const pathBefore = oldPath?.replaceAll('\\', '/');
  if (languageOfPath(path) === undefined) {
    tally.add('file that is no source code');
    return undefined;
  }
  if (Math.max(Number(row.before_length ?? 0), Number(row.after_length ?? 0)) > MAX_FILE_LENGTH) {
    tally.add('file over the size limit');
    return undefined;
  }
  return { path, ...(pathBefore === undefined || pathBefore === path ? {} : { pathBefore }) };
}

/** Python's None comes as NULL or as its name. */
function sourceOf(value: unknown): string | undefined {
  return typeof value !== 'string' || value === 'None' ? undefined : value;
}
