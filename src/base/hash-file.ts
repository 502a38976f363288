/** @file The SHA-256 of a file, read once, as a stream, whatever its size. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fileError } from './files.ts';

export interface FileHash {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** @throws VultuneError `FILE_MISSING` and the like; the signal's abort as it is. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<FileHash> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    const chunks = createReadStream(path, signal === undefined ? {} : { signal });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw fileError(error, path, 'read');
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}
