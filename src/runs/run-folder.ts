/**
 * @file The run folder: where its files are, how it is made, opened, locked and taken away again. Knows the configuration
 * only as plain data, and nothing of training.
 */
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { fileError, makeFolder, readTextFile, writeFileAtomic } from '../base/files.ts';
import { findMoved } from '../base/moved-path.ts';
import { finalName, removeLeftovers } from '../base/temporary-files.ts';
import { checkJson, checkValue } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import type { Environment, FileFingerprint } from './environment.ts';
import { EventLog, readEvents } from './event-log.ts';
import type { RunEvent } from './events.ts';
import { acquireLock, type Lock } from './lock.ts';
import type { RunModel } from './run-model.ts';
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
  /** Missing in older runs; see run-model.ts. */
  readonly model?: RunModel;
  /** What a reader of the run's figures must know beside its configuration, a sentence each; missing where there is nothing. */
  readonly notes?: readonly string[];
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
  /** Written last: everything that a finished training leaves is there, and whole. */
  readonly finished: string;
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

/** A run that was made just now. */
export interface NewRun extends WritableRun {
  /**
   * Releases the run and takes it away again: for a training that is refused before its first event. A run with an event stays, and
   * so does a folder that holds anything else than what making the run left there.
   * @param files names of what its maker wrote into the folder before the first event
   */
  withdraw(files?: readonly string[]): void;
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
    finished: join(dir, 'finished.json'),
  };
}

/** What making a run leaves before run.json is there. */
const BEFORE_RECORD = new Set(['run.lock', 'run.lock.stale', 'run.json']);

function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    throw fileError(error, dir, 'read');
  }
}

/** Checks, without touching anything, that a run can be made here. @throws VultuneError `RUN_EXISTS`. */
export function checkRunFolderFree(dir: string): void {
  if (!existsSync(dir)) return;
  if (!statSync(dir).isDirectory()) throw exists(dir, 'is a file');
  const present = entriesOf(dir);
  if (present.includes('run.json')) throw exists(dir, 'already holds a run');
  // A process that was killed before there was a run is not in the way; a living one still holds the lock.
  if (present.every((name) => BEFORE_RECORD.has(finalName(name)))) return;
  if (present.length > 0) throw exists(dir, `is not empty: it holds ${present.slice(0, 3).join(', ')}`);
}

/**
 * Makes a run folder, locks it and writes run.json.
 * @throws VultuneError `RUN_EXISTS` when the folder exists and is not empty, `RUN_LOCKED`, `FILE_NOT_ALLOWED` ...
 */
export function createRun(
  dir: string,
  parts: Pick<RunRecord, 'config' | 'environment' | 'data' | 'model' | 'notes'>,
): NewRun {
  checkRunFolderFree(dir);
  const isNew = !existsSync(dir);
  makeFolder(dir);
  const paths = runPaths(dir);
  const lock = acquireLock(paths.lock);
  try {
    // Another process may have made, and finished, a run here between the check and the lock.
    if (existsSync(paths.record)) throw exists(dir, 'already holds a run');
    removeLeftovers(dir, 1);
    const record: RunRecord = {
      formatVersion: RUN_FORMAT_VERSION,
      createdAt: new Date().toISOString(),
      config: parts.config,
      environment: parts.environment,
      data: parts.data,
      ...(parts.model === undefined ? {} : { model: parts.model }),
      ...(parts.notes === undefined ? {} : { notes: parts.notes }),
    };
    writeFileAtomic(paths.record, `${JSON.stringify(record, null, 2)}\n`);
    const run = writable({ dir, record, paths }, lock);
    return { ...run, withdraw: (files = []) => withdraw(run, isNew, files) };
  } catch (error) {
    lock.release();
    if (isNew) removeIfEmpty(dir);
    throw error;
  }
}

function withdraw(run: WritableRun, isNew: boolean, files: readonly string[]): void {
  const { dir, paths } = run;
  run.events.close();
  // run.json last: killed on the way, there is still a run to resume.
  const made = [...files, basename(paths.events), basename(paths.record)];
  const isUntouched =
    existsSync(paths.events) &&
    statSync(paths.events).size === 0 &&
    entriesOf(dir).every((name) => made.includes(name) || BEFORE_RECORD.has(finalName(name)));
  if (isUntouched) for (const name of made) rmSync(join(dir, name), { force: true });
  run.release();
  if (isUntouched && isNew) removeIfEmpty(dir);
}

function removeIfEmpty(dir: string): void {
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}

/**
 * Opens a run to read.
 * @throws VultuneError `RUN_MISSING` when run.json is missing, `RUN_FORMAT_UNKNOWN`, `RUN_RECORD_BROKEN`.
 */
export function openRun(dir: string): Run {
  const paths = runPaths(dir);
  if (!existsSync(paths.record)) {
    throw new VultuneError('RUN_MISSING', `found no run.json in ${dir}, expected a run folder`, {
      where: { file: dir },
      hint: hintForMissing(dir),
    });
  }
  return { dir, paths, record: withMovedFiles(readRecord(paths.record), dir) };
}

/** Data files that were moved together with the run are where they are now. */
function withMovedFiles(record: RunRecord, dir: string): RunRecord {
  const data = Object.entries(record.data).map(([key, file]) => [
    key,
    { ...file, path: findMoved(file.path, file.pathFromRun, dir) },
  ]);
  return { ...record, data: Object.fromEntries(data) };
}

function hintForMissing(dir: string): string {
  if (!existsSync(dir)) return 'no such folder';
  return existsSync(runPaths(dir).lock)
    ? 'training stopped before the run started: run the same command again'
    : 'is this the output_dir of a run?';
}

/** Opens a run to go on training into it; what killed processes left half written is removed. @throws VultuneError as `openRun`, and `RUN_LOCKED`. */
export function openRunToWrite(dir: string): WritableRun {
  const run = openRun(dir);
  const lock = acquireLock(run.paths.lock);
  try {
    removeLeftovers(dir, 1);
    return writable(run, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Says that nothing is missing: the last file that a training writes. */
export function markFinished({ paths }: Pick<Run, 'paths'>): void {
  writeFileAtomic(paths.finished, `${JSON.stringify({ formatVersion: 1 })}\n`);
}

/** For a run that is trained again from its start: stopped on the way, it is resumed like any other. */
export function markUnfinished({ paths }: Pick<Run, 'paths'>): void {
  rmSync(paths.finished, { force: true });
}

/** A run that was killed while its last files were written is not finished, whatever is there. */
export function isFinished({ paths }: Pick<Run, 'paths'>): boolean {
  return existsSync(paths.finished);
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

const versionSchema = z.looseObject({ formatVersion: z.unknown().optional() });

function readRecord(path: string): RunRecord {
  const options = {
    code: 'RUN_RECORD_BROKEN',
    file: path,
    hint: 'run.json is written once, by `vultune train`: was it edited?',
  };
  const { formatVersion, ...fields } = checkJson(versionSchema, readTextFile(path), options);
  if (formatVersion !== RUN_FORMAT_VERSION) {
    const found =
      formatVersion === undefined ? 'no formatVersion' : `formatVersion ${JSON.stringify(formatVersion)}`;
    const newer = typeof formatVersion === 'number' && formatVersion > RUN_FORMAT_VERSION;
    throw new VultuneError('RUN_FORMAT_UNKNOWN', `found ${found}, expected ${RUN_FORMAT_VERSION}`, {
      where: { file: path },
      hint: newer ? 'a newer vultune wrote this run: update' : 'is this a run.json of vultune?',
    });
  }
  return checkValue(runRecordSchema, { formatVersion, ...fields }, options) as unknown as RunRecord;
}

function exists(dir: string, why: string): VultuneError {
  return new VultuneError('RUN_EXISTS', `the output folder ${dir} ${why}, expected a new or empty folder`, {
    where: { file: dir, name: 'output_dir' },
    hint: why.includes('run')
      ? `choose another output_dir, or resume that run: vultune train --resume ${dir}`
      : 'choose another output_dir',
  });
}
