/**
 * @file The run folder: where its files are, how it is made, opened and locked. Knows the configuration only as
 * plain data, and nothing of training.
 */
import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { makeFolder, readTextFile, writeFileAtomic } from '../base/files.ts';
import { checkValue } from '../schema/check-value.ts';
import type { Environment, FileFingerprint } from './environment.ts';
import { EventLog, readEvents } from './event-log.ts';
import type { RunEvent } from './events.ts';
import { acquireLock, type Lock } from './lock.ts';
import { runRecordSchema } from './run-record-schema.ts';

/** Raised when a reader of the old format would misread the new one. */
export const RUN_FORMAT_VERSION = 1;

/** What run.json holds; written once, when the run is made. */
export interface RunRecord {
  readonly formatVersion: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Resolved, every key. */
  readonly config: object;
  readonly environment: Partial<Environment>;
  /** By the configuration's key: `train_file`, `valid_file` ... */
  readonly data: Readonly<Record<string, FileFingerprint>>;
}

export interface RunPaths {
  readonly record: string;
  readonly events: string;
  readonly lock: string;
  /** The best checkpoint as PEFT writes it. */
  readonly adapter: string;
  readonly checkpoints: string;
  readonly predictions: string;
  readonly metrics: string;
  readonly report: string;
}

export interface Run {
  readonly dir: string;
  readonly record: RunRecord;
  readonly paths: RunPaths;
}

/** A run that this process, and no other, writes to. */
export interface WritableRun extends Run {
  readonly events: EventLog;
  /** Closes the log and gives the lock back; safe to call twice. */
  release(): void;
}

export function runPaths(dir: string): RunPaths {
  return {
    record: join(dir, 'run.json'),
    events: join(dir, 'events.jsonl'),
    lock: join(dir, 'run.lock'),
    adapter: join(dir, 'adapter'),
    checkpoints: join(dir, 'checkpoints'),
    predictions: join(dir, 'predictions'),
    metrics: join(dir, 'metrics.json'),
    report: join(dir, 'report.html'),
  };
}

/** Checks, without touching anything, that a run can be made here. @throws VultuneError `RUN_EXISTS`. */
export function checkRunFolderFree(dir: string): void {
  if (!existsSync(dir)) return;
  if (!statSync(dir).isDirectory()) throw exists(dir, 'is a file');
  const present = readdirSync(dir);
  if (present.includes('run.json')) throw exists(dir, 'already holds a run');
  if (present.length > 0) throw exists(dir, `is not empty: it holds ${present.slice(0, 3).join(', ')}`);
}

/**
 * Makes a run folder, locks it and writes run.json.
 * @throws VultuneError `RUN_EXISTS` when the folder exists and is not empty, `RUN_LOCKED`, `FILE_NOT_ALLOWED` ...
 */
export function createRun(
  dir: string,
  parts: Pick<RunRecord, 'config' | 'environment' | 'data'>,
): WritableRun {
  checkRunFolderFree(dir);
  const isNew = !existsSync(dir);
  makeFolder(dir);
  const paths = runPaths(dir);
  const lock = acquireLock(paths.lock);
  try {
    // Another process may have made, and finished, a run here between the check and the lock.
    if (existsSync(paths.record)) throw exists(dir, 'already holds a run');
    const record: RunRecord = {
      formatVersion: RUN_FORMAT_VERSION,
      createdAt: new Date().toISOString(),
      config: parts.config,
      environment: parts.environment,
      data: parts.data,
    };
    writeFileAtomic(paths.record, `${JSON.stringify(record, null, 2)}\n`);
    return writable({ dir, record, paths }, lock);
  } catch (error) {
    lock.release();
    if (isNew && readdirSync(dir).length === 0) rmdirSync(dir);
    throw error;
  }
}

/**
 * Opens a run to read.
 * @throws VultuneError `RUN_MISSING` when there is no run.json, `RUN_FORMAT_UNKNOWN`, `RUN_RECORD_BROKEN`.
 */
export function openRun(dir: string): Run {
  const paths = runPaths(dir);
  if (!existsSync(paths.record)) {
    throw new VultuneError('RUN_MISSING', `found no run.json in ${dir}, expected a run folder`, {
      where: { file: dir },
      hint: existsSync(dir) ? 'is this the output_dir of a run?' : 'there is no such folder',
    });
  }
  return { dir, paths, record: readRecord(paths.record) };
}

/** Opens a run to go on training into it. @throws VultuneError as `openRun`, and `RUN_LOCKED`. */
export function openRunToWrite(dir: string): WritableRun {
  const run = openRun(dir);
  const lock = acquireLock(run.paths.lock);
  try {
    return writable(run, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** All events of a run, in order; see `withoutLostSteps` for a run that was resumed. */
export function runEvents(run: Run): readonly RunEvent[] {
  return readEvents(run.paths.events);
}

function writable(run: Run, lock: Lock): WritableRun {
  const events = new EventLog(run.paths.events);
  return {
    ...run,
    events,
    release: () => {
      events.close();
      lock.release();
    },
  };
}

function readRecord(path: string): RunRecord {
  const text = readTextFile(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new VultuneError('RUN_RECORD_BROKEN', 'run.json is not valid JSON', {
      where: { file: path },
      cause,
    });
  }
  const record = (typeof value === 'object' && value !== null ? value : {}) as Partial<RunRecord>;
  if (record.formatVersion !== RUN_FORMAT_VERSION) {
    const found =
      record.formatVersion === undefined ? 'no formatVersion' : `formatVersion ${record.formatVersion}`;
    const newer = typeof record.formatVersion === 'number' && record.formatVersion > RUN_FORMAT_VERSION;
    throw new VultuneError('RUN_FORMAT_UNKNOWN', `found ${found}, expected ${RUN_FORMAT_VERSION}`, {
      where: { file: path },
      hint: newer ? 'a newer vultune wrote this run: update' : 'is this a run.json of vultune?',
    });
  }
  return checkValue(runRecordSchema, value, {
    code: 'RUN_RECORD_BROKEN',
    file: path,
    hint: 'the file is written once, when a run begins, and not meant to be edited',
  }) as unknown as RunRecord;
}

function exists(dir: string, why: string): VultuneError {
  return new VultuneError('RUN_EXISTS', `the output folder ${dir} ${why}, expected a new or empty folder`, {
    where: { file: dir, name: 'output_dir' },
    hint: why.includes('run')
      ? `choose another output_dir, or go on with that run: vultune train --resume ${dir}`
      : 'choose another output_dir',
  });
}
