/**
 * @file One file of a dataset before it is known what it is: its first bytes, what kind of container they show and
 * the first row in it. Knows nothing of published sets.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileError } from '../../base/files.ts';

/** How rows are stored, whoever wrote them. */
export type Container =
  | 'jsonl'
  | 'json'
  | 'csv'
  | 'parquet'
  | 'sqlite'
  | 'hdf5'
  | 'tar'
  | 'empty'
  | 'unknown';

export interface DatasetFile {
  /** For messages; also for reading, where `isOnDisk`. */
  readonly path: string;
  /** False: standard input or an entry of an archive, whose bytes come once. */
  readonly isOnDisk: boolean;
  readonly sizeBytes: number | undefined;
  readonly container: Container;
  /** The first bytes, at most HEAD_BYTES. */
  readonly head: Uint8Array;
  /** Of the first row, in order; empty where it is not a table, or the row is longer than the head. */
  readonly fields: readonly string[];
  /** The first row; empty as `fields`. */
  readonly first: Readonly<Record<string, unknown>>;
  /** All bytes from the start; for a file that is not on disk only once. */
  bytes(): AsyncIterable<Uint8Array>;
}

export const HEAD_BYTES = 256 * 1024;

/** The head of a file on disk. @throws VultuneError as `fileError`. */
export async function readHead(path: string): Promise<{ head: Uint8Array; sizeBytes: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const head = Buffer.alloc(Math.min(HEAD_BYTES, size));
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      return { head: head.subarray(0, bytesRead), sizeBytes: size };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

/** The bytes of a file on disk. @throws VultuneError as `fileError`. */
export async function* diskBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) yield chunk as Buffer;
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}
