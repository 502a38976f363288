/** @file Writes a file larger than memory: pieces of which some are read when their turn comes. */
import { AtomicWriter } from './atomic-writer.ts';
import { invariant } from './errors.ts';

/** Bytes that are made or read when they are written. */
export interface LatePiece {
  readonly name: string;
  readonly sizeBytes: number;
  readonly read: () => Promise<Uint8Array>;
}

/** Pieces follow one another in the file. */
export type FilePieces = readonly (Uint8Array | LatePiece)[];

export interface WritePiecesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Receives the bytes of each late piece that has been written. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/** The file appears whole or not at all. @throws VultuneError as `AtomicWriter`; what `read` throws; the signal's reason */
export async function writePieces(
  path: string,
  pieces: FilePieces,
  { signal, onWritten }: WritePiecesOptions,
): Promise<void> {
  const writer = new AtomicWriter(path);
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        writer.write(piece);
        continue;
      }
      signal?.throwIfAborted();
      const bytes = await piece.read();
      invariant(bytes.byteLength === piece.sizeBytes, `"${piece.name}" has another size than it said`);
      writer.write(bytes);
      onWritten?.(bytes.byteLength);
    }
    writer.commit();
  } finally {
    writer.discard();
  }
}
