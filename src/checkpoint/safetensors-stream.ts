/**
 * @file Writes safetensors files larger than memory: the header first, from shapes alone, then one tensor after the other as it is
 * made. Large checkpoints become numbered shards with an index, as Transformers reads them.
 */
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { type WritePiecesOptions, writePieces } from '../base/write-pieces.ts';
import { type HostTensor, sizeOf } from '../tensor/host-tensor.ts';
import { encodeBfloat16, encodeFloat16 } from './float-formats.ts';
import { encodeHeader } from './safetensors-header.ts';

/** A tensor that is made when its turn comes. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  readonly make: () => Promise<HostTensor<'float32'>>;
}

/** As Transformers and PyTorch call them. */
export const FLOAT_DTYPES = ['float32', 'float16', 'bfloat16'] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

export const FLOAT_BYTES: { readonly [K in FloatDtype]: number } = { float32: 4, float16: 2, bfloat16: 2 };
const STORED_AS = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const;

/** As Transformers cuts checkpoints by default. */
const SHARD_BYTES = 5e9;

export interface ShardOptions extends WritePiecesOptions {
  readonly dtype: FloatDtype;
  /** Most bytes of a file; a larger tensor has one of its own. Default: 5 GB. */
  readonly shardBytes?: number | undefined;
}

const bytesOf = (source: TensorSource, dtype: FloatDtype) => sizeOf(source.shape) * FLOAT_BYTES[dtype];

/**
 * Writes model.safetensors, or model-00001-of-0000N.safetensors ... and their index. One tensor is in memory at a time.
 * @throws VultuneError EXPORT_DTYPE_OVERFLOW, DISK_FULL and the like; the signal's reason
 */
export async function writeShards(
  folder: string,
  sources: readonly TensorSource[],
  options: ShardOptions,
): Promise<void> {
  const { dtype, shardBytes = SHARD_BYTES } = options;
  const shards: TensorSource[][] = [[]];
  let held = 0;
  for (const source of sources) {
    const bytes = bytesOf(source, dtype);
    if (held > 0 && held + bytes > shardBytes) {
      shards.push([]);
      held = 0;
    }
    shards.at(-1)!.push(source);
    held += bytes;
  }
  const number = (i: number) => `${i}`.padStart(5, '0');
  const nameOf = (shard: number) =>
    shards.length === 1
      ? 'model.safetensors'
      : `model-${number(shard + 1)}-of-${number(shards.length)}.safetensors`;
  for (const [i, shard] of shards.entries()) {
    await writeTensorStream(join(folder, nameOf(i)), shard, options);
  }
  if (shards.length === 1) return;
  const total = sources.reduce((sum, source) => sum + bytesOf(source, dtype), 0);
  const places = shards.flatMap((shard, i) => shard.map(({ name }) => [name, nameOf(i)] as const));
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(places) };
  writeFileAtomic(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`);
}

/** One file, its tensors in the order given. Throws as {@link writeShards}. */
export async function writeTensorStream(
  path: string,
  sources: readonly TensorSource[],
  { dtype, ...options }: Omit<ShardOptions, 'shardBytes'>,
): Promise<void> {
  const pieces = sources.map((source) => ({
    name: source.name,
    shape: source.shape,
    dtype: STORED_AS[dtype],
    sizeBytes: bytesOf(source, dtype),
    read: async () => encodeFloats(await source.make(), dtype, { file: path, name: source.name }),
  }));
  await writePieces(path, [encodeHeader(pieces, { format: 'pt' }), ...pieces], options);
}

/** @throws VultuneError EXPORT_DTYPE_OVERFLOW for a number that the type does not reach */
export function encodeFloats(
  { data }: HostTensor<'float32'>,
  dtype: FloatDtype,
  where: { readonly file: string; readonly name: string },
): Uint8Array {
  if (dtype === 'float32') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const out = (dtype === 'float16' ? encodeFloat16 : encodeBfloat16)(data);
  const infinite = dtype === 'float16' ? 0x7c00 : 0x7f80;
  const at = out.findIndex((bits) => (bits & 0x7fff) === infinite);
  if (at >= 0) {
    throw new VultuneError(
      'EXPORT_DTYPE_OVERFLOW',
      `"${where.name}" holds ${data[at]}, which is beyond ${dtype}`,
      {
        where,
        hint: 'Export as bfloat16, which has the range of float32, or as float32.',
      },
    );
  }
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}
