/**
 * @file An ONNX model whose weights are yet to be read, as the pieces of one file, or, where a protobuf message does not hold them, of
 * two: the weights in the second.
 */
import type { FilePieces } from '../base/write-pieces.ts';
import { MAX_BYTES, modelPieces, type OnnxModel, type StoredInitializer } from './writer.ts';

export interface ModelFilesOptions {
  /** Name of the second file, beside the first. */
  readonly dataName: string;
  /** Weights of more bytes go into a second file. Default: what one ONNX file holds. */
  readonly mostBytes?: number | undefined;
}

export interface ModelFiles {
  readonly model: FilePieces;
  /** Undefined where the model holds its weights. */
  readonly data: FilePieces | undefined;
}

/** Room for nodes, constants and texts beside the weights: the tokenizers of published models take up to 40 MB. */
const ROOM_BYTES = 2 ** 27;

/** Runtimes map pages of the second file into memory. */
const PAGE_BYTES = 4096;

/** Throws GRAPH_TOO_LARGE. */
export function modelFiles(
  model: OnnxModel,
  weights: readonly StoredInitializer[],
  { dataName, mostBytes = MAX_BYTES - ROOM_BYTES }: ModelFilesOptions,
): ModelFiles {
  const total = weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= mostBytes) return { model: modelPieces(model, weights), data: undefined };
  const { pieces, offsets } = inPages(weights);
  const place = (weight: StoredInitializer) => ({ location: dataName, offset: offsets.get(weight)! });
  return { model: modelPieces(model, weights, place), data: pieces };
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
