/** @file One GGUF file as a checkpoint: names, configuration and layout are its architecture's translation. */
import { VultuneError } from '../../base/errors.ts';
import { sizeOf } from '../../tensor/host-tensor.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { type StoredTensor, storedCheckpoint } from '../stored-tensor.ts';
import type { RopeTables } from './architecture.ts';
import { checkArchitecture, huggingFaceModel } from './architectures/registry.ts';
import { decodeBlocks, type GgufFile, type GgufTensorInfo, readGguf } from './file.ts';
import { MetadataReader } from './metadata.ts';
import { huggingFaceParts } from './names.ts';
import type { TensorLayout, TensorSource } from './tensor-layout.ts';

/** Throws what file.ts, names.ts and the architecture throw. */
export async function openGgufCheckpoint(path: string): Promise<Checkpoint> {
  const file = await readGguf(path);
  const architecture = checkArchitecture(path, file.metadata['general.architecture']);
  const model = huggingFaceModel({
    file: path,
    metadata: new MetadataReader(file.metadata, path, architecture),
    shapes: new Map([...file.tensors].map(([name, info]) => [name, info.shape])),
    ropeTables: await readRopeTables(file),
  });
  const tensors = new Map<string, StoredTensor>();
  for (const [stored, info] of file.tensors) {
    for (const { name, layout } of huggingFaceParts({ file: path, architecture, model }, stored)) {
      if (tensors.has(name)) throw twice(path, stored, name);
      tensors.set(name, storedTensor(file, stored, info, layout));
    }
  }
  const hasTokenizer = Array.isArray(file.metadata['tokenizer.ggml.tokens']);
  const tokenizer = hasTokenizer ? { kind: 'gguf' as const, metadata: file.metadata, file: path } : undefined;
  const { config, notes = [] } = model;
  return await storedCheckpoint({ path, config, tokenizer, notes }, tensors);
}

function storedTensor(
  file: GgufFile,
  stored: string,
  info: GgufTensorInfo,
  layout: TensorLayout,
): StoredTensor {
  const rows = Math.max(info.shape[0] ?? 1, 1);
  const { from, count } = layout.storedRows ?? { from: 0, count: rows };
  const start = info.start + Math.floor((from / rows) * info.sizeBytes);
  const end = info.start + Math.floor(((from + count) / rows) * info.sizeBytes);
  const source = {
    shape: info.shape,
    read: () => file.read(stored),
    readRows: (wanted: ArrayLike<number>) => file.readRows(stored, wanted),
  };
  return {
    shape: layout.shape(info.shape),
    storedDtype: info.format.name,
    file: file.path,
    start,
    sizeBytes: end - start,
    read: () => layout.read(source),
    decode: (bytes) => layout.read(sourceInMemory(info, bytes, from)),
    readRows: (wanted) => layout.readRows(source, wanted),
  };
}

/** The tensor of a file out of the bytes of its rows from row `from` on. */
function sourceInMemory(
  { shape, format }: GgufTensorInfo,
  bytes: Uint8Array<ArrayBuffer>,
  from: number,
): TensorSource {
  const [, ...row] = shape;
  const rowBytes = (sizeOf(row) / format.elements) * format.bytes;
  return {
    shape,
    read: async () => decodeBlocks(format, shape, bytes),
    readRows: async (rows) => {
      const raw = new Uint8Array(rows.length * rowBytes);
      for (let i = 0; i < rows.length; i++) {
        const at = (rows[i]! - from) * rowBytes;
        raw.set(bytes.subarray(at, at + rowBytes), i * rowBytes);
      }
      return decodeBlocks(format, [rows.length, ...row], raw);
    },
  };
}

function twice(file: string, stored: string, name: string): VultuneError {
  return new VultuneError(
    'GGUF_TENSOR_UNKNOWN',
    `${file}: "${stored}" is "${name}", which another tensor is`,
    {
      where: { file, name: stored },
      hint: 'The file has queries, keys and values both fused and apart: convert the model again.',
    },
  );
}

async function readRopeTables(file: GgufFile): Promise<RopeTables> {
  return {
    frequencies: await readRopeTable(file, 'rope_freqs.weight'),
    short: await readRopeTable(file, 'rope_factors_short.weight'),
    long: await readRopeTable(file, 'rope_factors_long.weight'),
  };
}

/** Half the dimensions of a head, of which no model has more than some hundreds. */
const MOST_ROPE_FACTORS = 4096;

/** Throws GGUF_ROPE for more of them than any head has dimensions. */
async function readRopeTable(file: GgufFile, name: string): Promise<Float32Array | undefined> {
  const info = file.tensors.get(name);
  if (info === undefined) return undefined;
  const count = sizeOf(info.shape);
  if (count >= 1 && count <= MOST_ROPE_FACTORS) return (await file.read(name)).data;
  throw new VultuneError('GGUF_ROPE', `${file.path}: "${name}" has ${count} numbers`, {
    where: { file: file.path, name },
    hint: `Expected one for each pair of a head's dimensions, from 1 to ${MOST_ROPE_FACTORS}.`,
  });
}
