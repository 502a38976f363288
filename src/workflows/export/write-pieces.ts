/** @file Writes a file whose pieces are partly read when their turn comes. */
import { AtomicWriter } from '../../base/atomic-writer.ts';
import { invariant } from '../../base/errors.ts';
import type { FilePieces } from '../../onnx/model-files.ts';

export interface WritePiecesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of a weight that has been written. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/** Throws DISK_FULL and the like, what reading a piece throws; the signal's reason. */
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
