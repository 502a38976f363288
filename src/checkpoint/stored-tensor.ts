/**
 * @file Tensors where they lie in files, whatever the format: what both kinds of checkpoints are made of.
 * Knows the fingerprint and the errors common to them.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { VultuneError } from '../base/errors.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { Checkpoint, StoredFourBit } from './checkpoint.ts';
import { openFile, readRange, readRangeFrom } from './read-range.ts';

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly storedDtype: string;
  readonly file: string;
  /** Position in the file of the first byte. */
  readonly start: number;
  readonly sizeBytes: number;
  /** In elements, where these do not lie in rows' order; `sizeBytes` then reaches to the last of them. */
  readonly strides?: readonly number[];
  /** The whole tensor, floats as float32 or float64, rows in PyTorch's order. */
  readonly read: () => Promise<HostTensor>;
  /** What `read` gives of the bytes from `start` on, which own their buffer; left out where it takes more than them. */
  readonly decode?: (bytes: Uint8Array<ArrayBuffer>) => Promise<HostTensor> | HostTensor;
  /** For matrices that are stored in 4-bit codes. */
  readonly readFourBit?: () => Promise<StoredFourBit>;
  /** [rows.length, D]: these rows of what `read` gives of a matrix. */
  readonly readRows: (rows: ArrayLike<number>) => Promise<HostTensor>;
}

/** A checkpoint out of its parts. */
export async function storedCheckpoint(
  parts: Pick<Checkpoint, 'path' | 'config' | 'tokenizer' | 'notes'>,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<Checkpoint> {
  let closed = false;
  const find = (name: string): StoredTensor => {
    if (closed) throw new Error(`internal error: "${name}" read from a closed checkpoint`);
    const stored = tensors.get(name);
    if (stored !== undefined) return stored;
    throw new VultuneError('CHECKPOINT_TENSOR_MISSING', `${parts.path} has no tensor "${name}"`, {
      where: { file: parts.path, name },
      hint: `It has ${tensors.size} tensors, the first: ${[...tensors.keys()].slice(0, 3).join(', ')}.`,
    });
  };
  return {
    ...parts,
    tensors,
    fingerprint: await fingerprintOf(tensors),
    read: async (name) => {
      const stored = find(name);
      return asFloat32(name, stored, await stored.read());
    },
    readRows: async (name, rows) => {
      const stored = find(name);
      return asFloat32(name, stored, await stored.readRows(rows));
    },
    hold: async (name) => {
      const stored = find(name);
      const { file, start, sizeBytes, decode } = stored;
      if (decode === undefined) {
        const tensor = asFloat32(name, stored, await stored.read());
        return { sizeBytes: tensor.data.byteLength, decode: async () => tensor };
      }
      const bytes = await readRange(file, start, sizeBytes);
      return { sizeBytes, decode: async () => asFloat32(name, stored, await decode(bytes)) };
    },
    readFourBit: async (name) => await find(name).readFourBit?.(),
    close: async () => {
      closed = true;
    },
  };
}

function asFloat32(name: string, stored: StoredTensor, tensor: HostTensor): HostTensor<'float32'> {
  if (isFloat32(tensor)) return tensor;
  if (tensor.dtype === 'float64')
    return { ...tensor, dtype: 'float32', data: Float32Array.from(tensor.data as Float64Array) };
  const message = `"${name}" is stored as ${stored.storedDtype}, expected a float type`;
  throw new VultuneError('CHECKPOINT_TENSOR_DTYPE', message, { where: { file: stored.file, name } });
}

function isFloat32(tensor: HostTensor): tensor is HostTensor<'float32'> {
  return tensor.dtype === 'float32';
}

/** So many bytes at the start, in the middle and at the end of each tensor. */
const SAMPLE_BYTES = 256;

/** The same however the tensors are spread over files, and whatever else (metadata) the files hold. */
async function fingerprintOf(tensors: ReadonlyMap<string, StoredTensor>): Promise<string> {
  const hash = createHash('sha256');
  const handles = new Map<string, FileHandle>();
  try {
    for (const name of [...tensors.keys()].toSorted()) {
      const { shape, storedDtype, file, start, sizeBytes, strides } = tensors.get(name)!;
      hash.update(JSON.stringify([name, shape, storedDtype, ...(strides === undefined ? [] : [strides])]));
      const handle = handles.get(file) ?? (await openFile(file));
      handles.set(file, handle);
      const length = Math.min(SAMPLE_BYTES, sizeBytes);
      for (const at of new Set([0, Math.floor((sizeBytes - length) / 2), sizeBytes - length])) {
        hash.update(await readRangeFrom(handle, file, start + at, length));
      }
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
  return hash.digest('hex');
}
