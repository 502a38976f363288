/**
 * @file A file that torch.save wrote of a state_dict (`pytorch_model.bin`), in both of its forms, without running anything of it: the
 * pickle says which tensors there are (unpickle.ts), and their bytes are read from the file when they are asked for.
 */
import { invariant, VultuneError } from '../../base/errors.ts';
import { type HostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { decodeElements, ELEMENT_BYTES } from '../element-types.ts';
import { fileSizeBytes, readRange } from '../read-range.ts';
import { readRowBytes } from '../read-rows.ts';
import type { StoredTensor } from '../stored-tensor.ts';
import { invalidPickle, shown } from './pickle-error.ts';
import type { PickledTensor } from './pickle-value.ts';
import { stateDictOf, storagesOf } from './state-dict.ts';
import { gatherStrided, isContiguous, spanOf } from './strides.ts';
import { readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';

/**
 * The tensors by name, in the file's order. Element types as in safetensors files: F16 and BF16 are read as float32.
 * Throws CHECKPOINT_PICKLE_REFUSED for a pickle that asks for anything but tensors, CHECKPOINT_PICKLE_INVALID for a file that is damaged
 * or holds something else; reading a tensor throws CHECKPOINT_TENSOR_DTYPE for the small integers.
 */
export async function readPytorchFile(file: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const fileSize = await fileSizeBytes(file);
  const first = Buffer.from(await readRange(file, 0, Math.min(8, fileSize))).toString('latin1');
  const { object, rangeOf } = await (isZip(file, first)
    ? readTorchZip(file)
    : readTorchLegacy(file, fileSize));
  for (const storage of storagesOf(file, object).values()) {
    const found = rangeOf(storage)?.sizeBytes;
    if (found === storage.sizeBytes) continue;
    const what = found === undefined ? 'is not in the file' : `has ${found} bytes`;
    throw invalidPickle(
      file,
      `the storage ${shown(storage.key)} ${what}, its tensors say ${storage.sizeBytes}`,
    );
  }
  return new Map(
    [...stateDictOf(file, object)].map(([name, tensor]) => {
      // A stride of 0 makes much of little.
      if (!(sizeOf(tensor.shape) * ELEMENT_BYTES[tensor.type] <= fileSize)) {
        throw invalidPickle(file, `the tensor ${shown(name)} is larger than the file`);
      }
      return [name, storedTensor(file, name, tensor, rangeOf(tensor.storage)!.start)] as const;
    }),
  );
}

function isZip(file: string, first: string): boolean {
  if (first.startsWith('PK\x03\x04')) return true;
  if (first.startsWith('\x80')) return false;
  // What git leaves in place of a large file it did not fetch: "version https://git-lfs..."
  if (first === 'version ') {
    throw invalidPickle(
      file,
      'a Git LFS pointer, not the file itself',
      'Fetch the large files: git lfs pull.',
    );
  }
  throw invalidPickle(file, 'not a file of torch.save: it begins neither as a zip archive nor as a pickle');
}

function storedTensor(file: string, name: string, tensor: PickledTensor, storageStart: number): StoredTensor {
  const { shape, strides, type } = tensor;
  const elementBytes = ELEMENT_BYTES[type];
  const start = storageStart + tensor.offset * elementBytes;
  const sizeBytes = spanOf(shape, strides) * elementBytes;
  const decode = (rows: readonly number[], bytes: Uint8Array<ArrayBuffer>): HostTensor => {
    const decoded = decodeElements(type, rows, bytes);
    if (decoded !== undefined) return decoded;
    throw new VultuneError(
      'CHECKPOINT_TENSOR_DTYPE',
      `"${name}" is stored as ${type}, which cannot be used yet`,
      {
        where: { file, name },
      },
    );
  };
  const place = { shape, storedDtype: type, file, start, sizeBytes };
  if (isContiguous(shape, strides)) {
    return {
      ...place,
      read: async () => decode(shape, await readRange(file, start, sizeBytes)),
      readRows: async (rows) =>
        decode([rows.length, ...shape.slice(1)], await readRowBytes(file, place, rows)),
    };
  }
  const gather = async () =>
    gatherStrided(await readRange(file, start, sizeBytes), elementBytes, shape, strides);
  return {
    ...place,
    strides,
    read: async () => decode(shape, await gather()),
    readRows: async (rows) => {
      const [V, D] = shape as readonly [number, number];
      invariant(shape.length === 2, `rows of a tensor of shape [${shape.join(', ')}]`);
      return decode([rows.length, D], rowsOf(await gather(), V, rows));
    },
  };
}

function rowsOf(matrix: Uint8Array, V: number, rows: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const rowBytes = V === 0 ? 0 : matrix.byteLength / V;
  const picked = new Uint8Array(rows.length * rowBytes);
  for (const [place, row] of Array.from(rows).entries()) {
    invariant(Number.isInteger(row) && row >= 0 && row < V, `row ${row} of a matrix of ${V} rows`);
    picked.set(matrix.subarray(row * rowBytes, (row + 1) * rowBytes), place * rowBytes);
  }
  return picked;
}
