/**
 * @file The contents of one file, read once: text with a fingerprint of the very bytes it was made from, or the reason
 * why there is none. Never throws for what is on the disk.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ReadNote, SkipReason } from '../finding.ts';

/** Nobody writes functions in larger files by hand; generated ones would hold up a scan for minutes. */
export const MOST_SOURCE_BYTES = 5_000_000;
/** Where git looks for a NUL byte. */
const BINARY_PROBE_BYTES = 8000;

export type SourceText =
  | { readonly text: string; readonly contentHash: string; readonly notes: readonly ReadNote[] }
  | { readonly skipped: SkipReason };

export async function readSource(path: string): Promise<SourceText> {
  const read = await readBytes(path);
  if ('skipped' in read) return read;
  const text = decodeSource(read.bytes);
  if (text === undefined) return { skipped: 'binary' };
  const notes: ReadNote[] = [];
  if (!text.isUtf8) notes.push('not UTF-8');
  if (read.hasChanged) notes.push('changed while read');
  const contentHash = createHash('sha256').update(read.bytes).digest('base64url');
  return { text: text.text, contentHash, notes };
}

export type SourceBytes =
  | { readonly bytes: Buffer; readonly hasChanged: boolean }
  | { readonly skipped: SkipReason };

/** A regular file's bytes, whatever they are. */
export async function readBytes(path: string): Promise<SourceBytes> {
  let handle: FileHandle;
  try {
    // Not blocking: a pipe that took the file's place would wait for its writer for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return { skipped: 'unreadable' };
  }
  try {
    return await readOpened(handle);
  } catch {
    return { skipped: 'unreadable' };
  } finally {
    await handle.close();
  }
}

async function readOpened(handle: FileHandle): Promise<SourceBytes> {
  const before = await handle.stat();
  if (!before.isFile()) return { skipped: 'not a file' };
  if (before.size > MOST_SOURCE_BYTES) return { skipped: 'too large' };
  const bytes = await readAll(handle, before.size);
  if (bytes.length > MOST_SOURCE_BYTES) return { skipped: 'too large' };
  const after = await handle.stat();
  return { bytes, hasChanged: after.mtimeMs !== before.mtimeMs || after.size !== bytes.length };
}

/** To the end, wherever that is by now; one byte over the limit is enough to know. */
async function readAll(handle: FileHandle, expectedBytes: number): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(expectedBytes + 1);
  let length = 0;
  while (length <= MOST_SOURCE_BYTES) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Undefined for what is not text. */
export function decodeSource(
  bytes: Uint8Array,
): { readonly text: string; readonly isUtf8: boolean } | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { text: new TextDecoder('utf-16le').decode(bytes), isUtf8: false };
  }
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) return undefined;
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), isUtf8: true };
  } catch {
    return { text: new TextDecoder('utf-8').decode(bytes), isUtf8: false };
  }
}
