/**
 * @file Files whose readers follow counts and offsets out of the file (Parquet, SQLite, HDF5) are read in a worker that is
 * ended when it stands still, takes too much memory or crashes: a damaged file costs an error, never the process.
 */
import { totalmem } from 'node:os';
import { VultuneError } from '../../../base/errors.ts';
import { streamBounded, type WorkerBounds, type WorkerLimit } from '../../../workers/bounded-worker.ts';
import type { WorkerStream } from '../../../workers/worker-job.ts';
import type { FormatContext } from '../format.ts';
import type { Batch } from './batches.ts';

export type ForeignKind = 'parquet' | 'sqlite' | 'hdf5';

export interface ForeignFile {
  readonly path: string;
  readonly sizeBytes: number;
}

const NAMES: Readonly<Record<ForeignKind, string>> = {
  parquet: 'Parquet file',
  sqlite: 'SQLite database',
  hdf5: 'HDF5 file',
};

/** Without a word from the reader: the start of the thread, and decoding what lies together. */
const STALL_MS = 12_000;
const STALL_MS_PER_MB = 500;
const LONGEST_STALL_MS = 600_000;
const MOST_HEAP_MB = 4096;

/** The items of a reader in a worker; what it tallies and its progress reach `context`. @throws `broken`, the reader's own. */
export async function* readForeign<Input, Item>(
  stream: WorkerStream<Input, Batch<Item>>,
  input: Input,
  kind: ForeignKind,
  file: ForeignFile,
  context: Partial<Pick<FormatContext, 'tally' | 'onBytes' | 'signal'>>,
): AsyncGenerator<Item> {
  const bounds = foreignBounds(kind, file, context.signal);
  const onNote = (note: unknown) => {
    if (typeof note === 'number') context.onBytes?.(note);
  };
  for await (const { items, leftOut } of streamBounded(stream, input, { ...bounds, onNote })) {
    for (const [reason, count] of Object.entries(leftOut)) context.tally?.add(reason, count);
    yield* items;
  }
}

/** What reading this file may cost. */
export function foreignBounds(
  kind: ForeignKind,
  { path, sizeBytes }: ForeignFile,
  signal: AbortSignal | undefined,
): WorkerBounds {
  const timeoutMs = Math.min(LONGEST_STALL_MS, Math.round(STALL_MS + (sizeBytes / 1e6) * STALL_MS_PER_MB));
  const memoryMb = Math.min(MOST_HEAP_MB, Math.round(totalmem() / 2 ** 21));
  const found: Readonly<Record<WorkerLimit, string>> = {
    time: `reading it made no progress for ${Math.round(timeoutMs / 1000)} s`,
    memory: `reading one part takes more than ${memoryMb} MiB of memory`,
    crash: 'its reader crashed',
  };
  return {
    timeoutMs,
    memoryMb,
    signal,
    onLimit: (limit, cause) => broken(kind, path, found[limit], { cause }),
  };
}

/** `DATASET_PARQUET_BROKEN`, `DATASET_SQLITE_BROKEN`, `DATASET_HDF5_BROKEN`; errors of ours and of the disk stay as they are. */
export function brokenBy(error: unknown, kind: ForeignKind, path: string, line?: number): VultuneError {
  if (error instanceof VultuneError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  // HDF5 gives a stack of its own, with the paths of its build.
  const words = reason
    .slice(0, 1000)
    .replace(/\s+/g, ' ')
    .replace(/^HDF5-DIAG: .*? in (?=\w+\(\): )/, '');
  return broken(kind, path, words.slice(0, 120), { cause: error, line });
}

export function broken(
  kind: ForeignKind,
  path: string,
  reason: string,
  { cause, line }: { readonly cause?: unknown; readonly line?: number | undefined } = {},
): VultuneError {
  const code = `DATASET_${kind.toUpperCase()}_BROKEN`;
  return new VultuneError(code, `cannot read the ${NAMES[kind]} ${path}: ${reason}`, {
    where: { file: path, ...(line === undefined ? {} : { line }) },
    hint: 'it is truncated or damaged, or uses a feature of the format that is not supported: fetch it again',
    ...(cause === undefined ? {} : { cause }),
  });
}
