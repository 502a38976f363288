/**
 * @file Writes an ONNX model whose weights are read one after the other: into one file, or, where a protobuf message does not hold
 * them, with the weights in a second file beside it.
 */
import { basename } from 'node:path';
import { AtomicWriter } from '../base/atomic-writer.ts';
import { invariant } from '../base/errors.ts';
import { MAX_BYTES, modelPieces, type OnnxModel, type StoredInitializer } from './writer.ts';

export interface ModelFileOptions {
  /** Weights of more bytes go into a second file. Default: what one ONNX file holds. */
  readonly mostBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of a weight that has been written. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/** Room for nodes, constants and texts beside the weights: the tokenizers of published models take up to 40 MB. */
const ROOM_BYTES = 2 ** 27;

/** Runtimes map pages of the second file into memory. */
const PAGE_BYTES = 4096;

/** The name of the second file. */
export const externalDataFile = (path: string) => `${path}.data`;

/** The files that were written. Throws GRAPH_TOO_LARGE, DISK_FULL and the like; the signal's reason. */
export async function writeModelFile(
  path: string,
  model: OnnxModel,
  weights: readonly StoredInitializer[],
  options: ModelFileOptions = {},
): Promise<readonly string[]> {
  const { mostBytes = MAX_BYTES - ROOM_BYTES } = options;
  const total = weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= mostBytes) {
    await writePieces(path, modelPieces(model, weights), options);
    return [path];
  }
  const file = externalDataFile(path);
  const { pieces, offsets } = inPages(weights);
  await writePieces(file, pieces, options);
  const place = (weight: StoredInitializer) => ({ location: basename(file), offset: offsets.get(weight)! });
  await writePieces(path, modelPieces(model, weights, place), options);
  return [path, file];
}

function inPages(weights: readonly StoredInitializer[]) {
  const pieces: (Uint8Array | StoredInitializer)[] = [];
  const offsets = new Map<StoredInitializer, number>();
  let at = 0;
  for (const weight of weights) {
    const gap = (PAGE_BYTES - (at % PAGE_BYTES)) % PAGE_BYTES;
    if (gap > 0) pieces.push(new Uint8Array(gap));
    offsets.set(weight, at + gap);
    pieces.push(weight);
    at += gap + weight.sizeBytes;
  }
  return { pieces, offsets };
}

async function writePieces(
  path: string,
  pieces: readonly (Uint8Array | StoredInitializer)[],
  { signal, onWritten }: ModelFileOptions,
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
