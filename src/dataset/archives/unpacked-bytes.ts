/**
 * @file The bytes of a file, gzipped or as they are, one piece after the other: never more than it may unpack to. Knows no
 * archive format.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** An archive that unpacks to more than anybody packs. */
export class UnpacksTooMuch extends Error {
  /** What it was held to, in words: `256 MiB`. */
  readonly limit: string;

  constructor(limit: string) {
    super(`unpacks to more than ${limit}`);
    this.limit = limit;
  }

  static bytes(maxBytes: number): UnpacksTooMuch {
    return new UnpacksTooMuch(`${Math.round(maxBytes / 2 ** 20)} MiB`);
  }
}

export interface UnpackOptions {
  readonly isGzip: boolean;
  /** The most bytes that come out. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the file itself read so far. */
  readonly onBytes?: ((done: number) => void) | undefined;
}

/** Throws UnpacksTooMuch, the errors of the file and of zlib, and an AbortError. */
export async function* unpackedBytes(
  path: string,
  { isGzip, maxBytes, signal, onBytes }: UnpackOptions,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, signal === undefined ? {} : { signal });
  const bytes = isGzip ? createGunzip() : file;
  if (bytes !== file) {
    file.on('error', (error) => bytes.destroy(error));
    file.pipe(bytes as ReturnType<typeof createGunzip>);
  }
  let unpackedBytes = 0;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      unpackedBytes += chunk.length;
      if (unpackedBytes > maxBytes) throw UnpacksTooMuch.bytes(maxBytes);
      onBytes?.(file.bytesRead);
      yield chunk;
    }
  } finally {
    file.destroy();
    bytes.destroy();
  }
}
