/**
 * @file Reads a range of a file, all of it or an error: tensors are read one by one, files are never read whole.
 * Knows no file format.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';

/** One read call takes less than 2 GiB. */
const MAX_READ_BYTES = 2 ** 30;

/** Size in bytes. Throws FILE_MISSING, FILE_IS_FOLDER (see base/files.ts), FILE_NOT_REGULAR for a pipe or a device. */
export async function fileSizeBytes(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (found.isFile()) return found.size;
    throw new VultuneError('FILE_NOT_REGULAR', `${path} is a pipe or a device, expected a file`, {
      where: { file: path },
    });
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

/** Bytes [start, start + length), in a buffer of their own (aligned for any typed array). */
export async function readRange(
  path: string,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await openFile(path);
  try {
    return await readRangeFrom(file, path, start, length);
  } finally {
    await file.close();
  }
}

/** As {@link readRange}, for many ranges of one file. */
export async function readRangeFrom(
  file: FileHandle,
  path: string,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocateBytes(path, length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(length - at, MAX_READ_BYTES), start + at);
    if (bytesRead === 0) throw endOfFile(path, start + at);
    at += bytesRead;
  }
  return bytes;
}

/** Throws FILE_TOO_LARGE for more than this machine has memory for, or JavaScript an array. */
export function allocateBytes(path: string, length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    const message = `${length} bytes of ${path} are to be read at once, more than fit into memory`;
    throw new VultuneError('FILE_TOO_LARGE', message, { where: { file: path }, cause });
  }
}

/** What is thrown where a file ends that was longer when its header was checked. */
export function endOfFile(path: string, at: number): VultuneError {
  const message = `${path} ends at byte ${at}: became shorter while read`;
  return new VultuneError('FILE_TRUNCATED', message, { where: { file: path } });
}

/** Opens for reading; system errors as in base/files.ts. */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}
