/**
 * @file Dataset files in a tar archive (compressed or not), read as they come by: nothing is unpacked to disk. Links,
 * odd paths and files that are not datasets are passed over; a bomb is refused.
 */
import { stat } from 'node:fs/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { ARCHIVE_LIMITS, mostUnpackedBytes } from '../../base/archive-limits.ts';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { readTar, type TarEntry } from '../archives/tar-archive.ts';
import { UnpacksTooMuch, unpackedBytes } from '../archives/unpacked-bytes.ts';
import type { DatasetFile } from './dataset-file.ts';
import { fileOfStream } from './look-at-file.ts';

export interface ArchiveOptions {
  /** Default: false, a plain tar archive. */
  readonly isGzip?: boolean;
  /** The most bytes of all entries together, uncompressed. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the archive read so far. */
  readonly onBytes?: ((done: number) => void) | undefined;
  /** Why an entry was passed over that might have been one, in the words of the card. */
  readonly onSkipped?: (reason: string) => void;
}

const DATASET_ENTRY = /(?:^|\/)(?!\._)[^/]+\.(?:jsonl|ndjson|json|csv|tsv)$/i;

/** Whether a file that begins like this is a tar archive, gzipped or plain. */
export function isTar(head: Uint8Array): boolean {
  const plain = head[0] === 0x1f && head[1] === 0x8b ? gunzipHead(head) : head;
  return Buffer.from(plain.subarray(257, 262)).toString('latin1') === 'ustar';
}

/** The bytes of a gzipped file that is not an archive. @throws VultuneError `ARCHIVE_BROKEN`, `ARCHIVE_BOMB`. */
export async function* gunzipped(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const maxBytes = mostUnpackedBytes((await stat(path)).size, ARCHIVE_LIMITS.dataset);
  try {
    yield* unpackedBytes(path, { isGzip: true, maxBytes, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw broken(error, path);
  }
}

/**
 * The dataset files of an archive, in its order; each has to be read before the next is asked for, what is left of it is
 * passed over.
 * @throws VultuneError `ARCHIVE_BROKEN`, `ARCHIVE_BOMB`.
 */
export async function* archiveEntries(
  path: string,
  { isGzip = false, maxBytes, signal, onBytes, onSkipped }: ArchiveOptions = {},
): AsyncGenerator<DatasetFile> {
  const waiting: TarEntry[] = [];
  let failure: unknown;
  let isDone = false;
  let wake = () => {};
  let current: TarEntry | undefined;
  const left = new AbortController();
  const entries = {
    wants: () => true,
    onProblem: (problem: string) => onSkipped?.(problem),
    onEntry: (entry: TarEntry) => {
      if (DATASET_ENTRY.test(entry.name)) waiting.push(entry);
      else entry.content.resume();
      wake();
    },
  };
  const { dataset } = ARCHIVE_LIMITS;
  const reading = readTar(path, entries, {
    isGzip,
    limits: { ...dataset, totalBytes: maxBytes ?? dataset.totalBytes },
    signal: AbortSignal.any([left.signal, ...(signal === undefined ? [] : [signal])]),
    onBytes,
  }).then(
    () => {
      isDone = true;
      wake();
    },
    (error: unknown) => {
      failure = signal?.aborted === true ? signal.reason : brokenTar(error, path);
      // Else whoever reads the entry waits for ever for the rest of it.
      current?.content.emit('error', failure);
      wake();
    },
  );
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (failure !== undefined) throw failure;
      const entry = waiting.shift();
      if (entry !== undefined) {
        const { name, content } = entry;
        content.on('error', () => {}); // told to whoever reads it, or by the next turn of this loop
        current = entry;
        yield await fileOfStream(`${path}/${name}`, content as AsyncIterable<Uint8Array>, content.size);
        current = undefined;
        content.resume();
      } else if (isDone) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    left.abort();
    await reading;
  }
}

function gunzipHead(head: Uint8Array): Uint8Array {
  try {
    // A head is cut off: what there is of it is enough.
    return gunzipSync(head.subarray(0, 65_536), {
      finishFlush: zlib.Z_SYNC_FLUSH,
      maxOutputLength: 512 * 2 ** 20,
    });
  } catch {
    return new Uint8Array();
  }
}

/** Damage within gzip is told as such. */
function brokenTar(error: unknown, path: string): unknown {
  const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
  return broken(isZlib ? new Error(`zlib: ${error.message}`, { cause: error }) : error, path);
}

function broken(error: unknown, path: string): unknown {
  const translated = fileError(error, path, 'read');
  if (translated instanceof VultuneError) return translated;
  if (error instanceof UnpacksTooMuch) {
    return new VultuneError('ARCHIVE_BOMB', `${path} ${error.message}, which no dataset does`, {
      where: { file: path },
      hint: 'unpack it yourself if you trust it, and give the folder',
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new VultuneError('ARCHIVE_BROKEN', `${path} is not a complete archive: ${reason.slice(0, 120)}`, {
    where: { file: path },
    hint: 'it may be truncated: fetch it again',
    cause: error,
  });
}
