/** @file What both forms of a file by torch.save come to: the pickled object, and where each storage of it lies in the file. */
import type { PickledStorage, PickleValue } from './pickle-value.ts';

/** A run of bytes in the file. */
export interface ByteRange {
  readonly start: number;
  readonly sizeBytes: number;
}

export interface TorchLayout {
  readonly object: PickleValue;
  /** Undefined for a storage that the file does not hold. */
  readonly rangeOf: (storage: PickledStorage) => ByteRange | undefined;
}

/** That of a hundred thousand tensors has 30 MB. */
export const MOST_PICKLE_BYTES = 64 * 2 ** 20;
