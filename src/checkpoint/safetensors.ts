/**
 * @file Reads and writes safetensors files. Reading is lazy, by tensor or by rows; 16-bit floats become float32.
 * Independent of models: names are only names.
 */
import { VultuneError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { decodeElements } from './element-types.ts';
import { fileSizeBytes, readRange } from './read-range.ts';
import { readRowBytes } from './read-rows.ts';
import {
  compareBytes,
  encodeHeader,
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  type SafetensorsInfo,
} from './safetensors-header.ts';

export interface SafetensorsFile extends SafetensorsHeader {
  readonly path: string;
  /**
   * One tensor: F16 and BF16 as float32, F64, F32, I64, I32, U32, I8, U8, BOOL as they are.
   * Throws SAFETENSORS_TENSOR_MISSING; SAFETENSORS_DTYPE for the other element types.
   */
  read(name: string): Promise<HostTensor>;
  /** What `read` gives of the tensor's bytes, which own their buffer. */
  decode(name: string, bytes: Uint8Array<ArrayBuffer>): HostTensor;
  /** Rows of a matrix, [rows.length, D]; see {@link readRowBytes}. Element types and errors as for `read`. */
  readRows(name: string, rows: ArrayLike<number>): Promise<HostTensor>;
}

/** Opens a file and checks its header (see safetensors-header.ts for what is thrown). No file stays open. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const size = await fileSizeBytes(path);
  const length = headerLength(path, await readRange(path, 0, Math.min(8, size)), size);
  const header = parseHeader(path, await readRange(path, 8, length), size);
  const find = (name: string): SafetensorsInfo => {
    const info = header.tensors.get(name);
    if (info !== undefined) return info;
    const where = { file: path, name };
    throw new VultuneError('SAFETENSORS_TENSOR_MISSING', `${path} has no tensor "${name}"`, { where });
  };
  return {
    path,
    ...header,
    read: async (name) => {
      const info = find(name);
      return decode(path, name, info, await readRange(path, info.start, info.sizeBytes));
    },
    decode: (name, bytes) => decode(path, name, find(name), bytes),
    readRows: async (name, rows) => {
      const info = find(name);
      const bytes = await readRowBytes(path, info, rows);
      return decode(path, name, { ...info, shape: [rows.length, ...info.shape.slice(1)] }, bytes);
    },
  };
}

/** Every tensor of a file that fits in memory: adapters, fixtures. */
export async function readAllSafetensors(path: string): Promise<Map<string, HostTensor>> {
  const file = await readSafetensors(path);
  const tensors = new Map<string, HostTensor>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  return tensors;
}

function decode(
  path: string,
  name: string,
  { dtype, shape }: Pick<SafetensorsInfo, 'dtype' | 'shape'>,
  bytes: Uint8Array<ArrayBuffer>,
): HostTensor {
  const tensor = decodeElements(dtype, shape, bytes);
  if (tensor !== undefined) return tensor;
  throw new VultuneError('SAFETENSORS_DTYPE', `"${name}" is stored as ${dtype}, which cannot be used yet`, {
    where: { file: path, name },
    hint: 'Convert the checkpoint to F32, F16 or BF16.',
  });
}

/** Names in the file, in the order in which the reference library lays the tensors out. */
const STORED_AS: { readonly [K in DType]: string } = {
  int64: 'I64',
  float64: 'F64',
  float32: 'F32',
  uint32: 'U32',
  int32: 'I32',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

const LAYOUT_RANK = Object.keys(STORED_AS);

/**
 * Writes all tensors, atomically. The same tensors give the same bytes, in the reference library's layout: larger
 * element types first, then by name; the header padded with spaces to a multiple of 8, so that every tensor is aligned.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor> | Readonly<Record<string, HostTensor>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const entries: (readonly [string, HostTensor])[] =
    tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  const ordered = entries.toSorted(
    ([a, x], [b, y]) => LAYOUT_RANK.indexOf(x.dtype) - LAYOUT_RANK.indexOf(y.dtype) || compareBytes(a, b),
  );
  const described = ordered.map(
    ([
      name,
      {
        dtype,
        shape,
        data: { byteLength },
      },
    ]) => ({
      name,
      dtype: STORED_AS[dtype],
      shape,
      sizeBytes: byteLength,
    }),
  );
  const data = ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  writeFileAtomic(path, [encodeHeader(described, metadata), ...data]);
}
