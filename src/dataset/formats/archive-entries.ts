/**
 * @file Dataset files in a tar archive (compressed or not), read as they come by: nothing is unpacked to disk. Links,
 * odd paths and files that are not datasets are passed over; a bomb is refused.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip, gunzipSync, constants as zlib } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { ARCHIVE_LIMITS, mostUnpackedBytes, pathInArchive } from '../../base/archive-limits.ts';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { DatasetFile } from './dataset-file.ts';
import { fileOfStream } from './look-at-file.ts';

export interface ArchiveOptions {
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
  const { size } = await stat(path);
  const maxBytes = mostUnpackedBytes(size, ARCHIVE_LIMITS.dataset);
  const input = createReadStream(path);
  const output = createGunzip();
  input.on('error', (error) => output.destroy(error));
  let unpackedBytes = 0;
  try {
    for await (const chunk of input.pipe(output)) {
      signal?.throwIfAborted();
      unpackedBytes += chunk.length;
      if (unpackedBytes > maxBytes) throw bomb(path, `${Math.round(maxBytes / 2 ** 20)} MiB`);
      yield chunk as Buffer;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw broken(error, path);
  } finally {
    input.destroy();
    output.destroy();
  }
}

/**
 * The dataset files of an archive, in its order; each has to be read before the next is asked for, what is left of it is
 * passed over.
 * @throws VultuneError `ARCHIVE_BROKEN`, `ARCHIVE_BOMB`.
 */
export async function* archiveEntries(
  path: string,
  options: ArchiveOptions = {},
): AsyncGenerator<DatasetFile> {
  const { size } = await stat(path);
  const maxBytes = options.maxBytes ?? mostUnpackedBytes(size, ARCHIVE_LIMITS.dataset);
  const waiting: ReadEntry[] = [];
  const seen = new Set<string>();
  let entries = 0;
  let totalBytes = 0;
  let failure: unknown;
  let isDone = false;
  let wake = () => {};
  let current: ReadEntry | undefined;
  const fail = (error: unknown) => {
    failure ??= broken(error, path);
    // Else whoever reads the entry waits for ever for the rest of it.
    current?.emit('error', failure);
    wake();
  };
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      totalBytes += entry.size;
      if (totalBytes > maxBytes) fail(bomb(path, `${Math.round(maxBytes / 2 ** 20)} MiB`));
      if (++entries > ARCHIVE_LIMITS.dataset.entries) fail(bomb(path, `${entries} files`));
      const problem = entryProblem(entry, seen);
      if (problem !== undefined) options.onSkipped?.(problem);
      if (failure === undefined && problem === undefined && DATASET_ENTRY.test(entry.path)) {
        waiting.push(entry);
        wake();
      } else entry.resume();
    },
  });
  parser.on('error', fail);
  parser.on('end', () => {
    isDone = true;
    wake();
  });
  const input = createReadStream(path);
  const stop = () => {
    failure ??= options.signal!.reason;
    current?.emit('error', failure);
    input.destroy();
    wake();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  input.on('error', fail);
  let read = 0;
  input.on('data', (chunk) => {
    read += chunk.length;
    options.onBytes?.(read);
    if (failure === undefined && !parser.write(chunk as Buffer)) input.pause();
  });
  parser.on('drain', () => input.resume());
  input.on('end', () => parser.end());
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (failure !== undefined) throw failure;
      const entry = waiting.shift();
      if (entry !== undefined) {
        entry.on('error', () => {}); // told to whoever reads it, or by the next turn of this loop
        current = entry;
        yield await fileOfStream(`${path}/${entry.path}`, entry as AsyncIterable<Uint8Array>, entry.size);
        current = undefined;
        entry.resume();
      } else if (isDone) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    input.destroy();
  }
}

function entryProblem({ type, path }: ReadEntry, seen: Set<string>): string | undefined {
  const name = pathInArchive(path);
  if (name === undefined) return 'archive entry with a path out of the archive';
  const isPlain = ['Directory', 'File', 'OldFile', 'ContiguousFile'].includes(type);
  if (!isPlain) return 'archive entry that is a link or no file';
  if (type === 'Directory') return undefined;
  if (seen.has(name)) return 'archive entry of a name that came before';
  seen.add(name);
  return undefined;
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

function bomb(path: string, limit: string): VultuneError {
  return new VultuneError('ARCHIVE_BOMB', `${path} unpacks to more than ${limit}, which no dataset does`, {
    where: { file: path },
    hint: 'unpack it yourself if you trust it, and give the folder',
  });
}

function broken(error: unknown, path: string): unknown {
  const translated = fileError(error, path, 'read');
  if (translated instanceof VultuneError) return translated;
  const reason = error instanceof Error ? error.message : String(error);
  if (/decompression ratio/.test(reason)) return bomb(path, 'a thousand times its size');
  return new VultuneError('ARCHIVE_BROKEN', `${path} is not a complete archive: ${reason.slice(0, 120)}`, {
    where: { file: path },
    hint: 'it may be truncated: fetch it again',
    cause: error,
  });
}
