/**
 * @file Reads GGUF files, versions 2 and 3: metadata, what tensors there are, a tensor or rows of it decoded to float32.
 * Every length is checked against the file before it is believed. Architectures are handled elsewhere.
 * Layout: magic, version, counts, metadata, tensor infos, padding to the alignment, data.
 */
import { inspect } from 'node:util';
import { VultuneError } from '../../base/errors.ts';
import { type HostTensor, hostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { NeedMoreBytes } from '../need-more-bytes.ts';
import { fileSizeBytes, readRange } from '../read-range.ts';
import { readRowBytes } from '../read-rows.ts';
import { BLOCK_FORMATS, type BlockFormat, OTHER_FORMAT_NAMES } from './blocks.ts';
import { GgufCursor } from './cursor.ts';

export interface GgufTensorInfo {
  /** As PyTorch has it: [out, in], the reverse of the file's order. */
  readonly shape: readonly number[];
  readonly format: BlockFormat;
  /** Position in the file of the first byte. */
  readonly start: number;
  readonly sizeBytes: number;
}

export interface GgufFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  /** Throws GGUF_TENSOR_MISSING. */
  read(name: string): Promise<HostTensor<'float32'>>;
  /** Rows of a matrix as the file numbers them, [rows.length, D]; see {@link readRowBytes}. Throws GGUF_TENSOR_MISSING. */
  readRows(name: string, rows: ArrayLike<number>): Promise<HostTensor<'float32'>>;
}

/** Enough for most headers (the tokenizer is in it); a longer one is parsed again with twice as much. */
export const FIRST_READ_BYTES = 8 * 2 ** 20;

/**
 * Opens a file and checks its header. No file stays open.
 * Throws GGUF_MAGIC, GGUF_VERSION, GGUF_TRUNCATED, GGUF_HEADER, GGUF_BLOCK_TYPE, GGUF_OFFSETS, GGUF_SPLIT.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  const size = await fileSizeBytes(path);
  const { metadata, tensors } = await readHeader(path, size);
  const find = (name: string): GgufTensorInfo => {
    const info = tensors.get(name);
    if (info !== undefined) return info;
    const where = { file: path, name };
    throw new VultuneError('GGUF_TENSOR_MISSING', `${path} has no tensor "${name}"`, { where });
  };
  return {
    path,
    metadata,
    tensors,
    read: async (name) => {
      const { format, shape, start, sizeBytes } = find(name);
      return decodeBlocks(format, shape, await readRange(path, start, sizeBytes));
    },
    readRows: async (name, rows) => {
      const info = find(name);
      const raw = await readRowBytes(path, info, rows);
      return decodeBlocks(info.format, [rows.length, ...info.shape.slice(1)], raw);
    },
  };
}

/** Whole blocks of a tensor. `raw` owns its buffer: plain float32 is a view of it, not a copy. */
export function decodeBlocks(
  format: BlockFormat,
  shape: readonly number[],
  raw: Uint8Array<ArrayBuffer>,
): HostTensor<'float32'> {
  if (format.name === 'F32') return hostTensor('float32', shape, new Float32Array(raw.buffer));
  const out = new Float32Array(sizeOf(shape));
  format.decode(raw, out);
  return hostTensor('float32', shape, out);
}

/** A header of a vocabulary of 250,000 tokens takes 15 MB. */
const MOST_HEADER_BYTES = 256 * 2 ** 20;
const MOST_TENSORS = 2 ** 20;
const MOST_METADATA = 2 ** 16;

export type GgufHeader = Pick<GgufFile, 'metadata' | 'tensors'>;

/**
 * The header of a file of which only the first bytes are here; undefined where it continues past them.
 * Throws as `readGguf`, also for a header that ends neither within the file nor within the longest that is read.
 */
export function headerOfFirstBytes(
  path: string,
  bytes: Uint8Array,
  fileSize: number,
): GgufHeader | undefined {
  try {
    return parseHeader(new GgufCursor(path, bytes, fileSize), path, fileSize);
  } catch (error) {
    if (!(error instanceof NeedMoreBytes)) throw error;
    const { byteLength } = bytes;
    if (byteLength >= fileSize) throw truncated(path, `the header goes on past the end (${fileSize} bytes)`);
    if (byteLength < MOST_HEADER_BYTES) return undefined;
    throw bad('GGUF_HEADER', path, `the header has more than ${MOST_HEADER_BYTES} bytes`);
  }
}

async function readHeader(path: string, fileSize: number): Promise<GgufHeader> {
  const most = Math.min(fileSize, MOST_HEADER_BYTES);
  for (let length = Math.min(FIRST_READ_BYTES, most); ; length = Math.min(2 * length, most)) {
    const header = headerOfFirstBytes(path, await readRange(path, 0, length), fileSize);
    if (header !== undefined) return header;
  }
}

function parseHeader(cursor: GgufCursor, path: string, fileSize: number): GgufHeader {
  checkMagic(cursor, path);
  const tensorCount = cursor.count('tensors', MIN_TENSOR_INFO_BYTES, MOST_TENSORS);
  const metadataCount = cursor.count('metadata entries', MIN_METADATA_BYTES, MOST_METADATA);
  const entries: [string, unknown][] = [];
  for (let i = 0; i < metadataCount; i++) entries.push([cursor.string(), cursor.value()]);
  const metadata = Object.fromEntries(entries);
  checkSplit(metadata, path);

  const infos = Array.from({ length: tensorCount }, () => parseTensorInfo(cursor, path));
  const alignment = alignmentOf(metadata, path);
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensorInfo>();
  for (const { name, offset, ...info } of infos) {
    if (tensors.has(name)) throw bad('GGUF_HEADER', path, `there are two tensors "${name}"`, name);
    if (offset % alignment !== 0) {
      throw bad('GGUF_OFFSETS', path, `"${name}" begins at ${offset}, not a multiple of ${alignment}`, name);
    }
    tensors.set(name, { ...info, start: dataStart + offset });
  }
  checkLayout(tensors, path, fileSize);
  return { metadata, tensors };
}

/** Key length 8, type 4, value 1. */
const MIN_METADATA_BYTES = 13;
/** Name length 8, number of dimensions 4, type 4, offset 8. */
const MIN_TENSOR_INFO_BYTES = 24;

function checkMagic(cursor: GgufCursor, path: string): void {
  const magic = cursor.bytes(4);
  if (Buffer.from(magic).toString('latin1') !== 'GGUF') {
    throw bad('GGUF_MAGIC', path, 'it does not begin with "GGUF": not a GGUF file');
  }
  const version = cursor.uint32();
  if (version === 2 || version === 3) return;
  const bigEndian = version > 0xffff;
  const what = bigEndian ? 'it is a big-endian file' : `it has version ${version}`;
  throw new VultuneError('GGUF_VERSION', `${path}: ${what}; versions 2 and 3, little-endian, can be read`, {
    where: { file: path },
    hint: "Convert the model again with a current llama.cpp's convert_hf_to_gguf.py.",
  });
}

/** A model over several files names its parts in the metadata of each. */
function checkSplit(metadata: Readonly<Record<string, unknown>>, path: string): void {
  const parts = metadata['split.count'];
  if (typeof parts !== 'number' || parts <= 1) return;
  throw new VultuneError('GGUF_SPLIT', `${path} is one of ${parts} parts of a model`, {
    where: { file: path },
    hint: 'Merge them into one file: llama-gguf-split --merge FIRST_PART OUTPUT.',
  });
}

function alignmentOf(metadata: Readonly<Record<string, unknown>>, path: string): number {
  const alignment = metadata['general.alignment'] ?? 32;
  if (typeof alignment === 'number' && alignment >= 1 && Number.isInteger(Math.log2(alignment)))
    return alignment;
  throw bad('GGUF_HEADER', path, `general.alignment is ${inspect(alignment)}, expected a power of two`);
}

function parseTensorInfo(cursor: GgufCursor, path: string) {
  const name = cursor.string();
  const dimensions = cursor.uint32();
  if (dimensions > 4) {
    throw bad('GGUF_HEADER', path, `"${name}" claims ${dimensions} dimensions; ggml has at most 4`, name);
  }
  const sizes = Array.from({ length: dimensions }, () => cursor.size());
  if (sizes.includes(0)) throw bad('GGUF_HEADER', path, `"${name}" has a dimension of 0`, name);
  const type = cursor.uint32();
  const offset = cursor.size();
  const format = BLOCK_FORMATS.get(type);
  if (format === undefined) {
    const known = [...BLOCK_FORMATS.values()].map((item) => item.name).join(', ');
    const found = OTHER_FORMAT_NAMES[type] ?? 'unknown';
    throw new VultuneError(
      'GGUF_BLOCK_TYPE',
      `${path}: "${name}" is stored in block type ${type} (${found}); can be read: ${known}`,
      { where: { file: path, name }, hint: 'Take another quantisation of the model, for example Q8_0.' },
    );
  }
  const row = sizes[0] ?? 1;
  if (row % format.elements !== 0) {
    const message = `"${name}" has rows of ${row}, not a multiple of ${format.name}'s ${format.elements}`;
    throw bad('GGUF_HEADER', path, message, name);
  }
  const shape = sizes.toReversed();
  return { name, offset, shape, format, sizeBytes: (sizeOf(shape) / format.elements) * format.bytes };
}

function checkLayout(tensors: ReadonlyMap<string, GgufTensorInfo>, path: string, fileSize: number): void {
  let end = 0;
  for (const [name, info] of [...tensors].sort(([, a], [, b]) => a.start - b.start)) {
    if (info.start < end) throw bad('GGUF_OFFSETS', path, `"${name}" overlaps the tensor before it`, name);
    end = info.start + info.sizeBytes;
    if (!(end <= fileSize)) {
      throw truncated(path, `"${name}" needs bytes up to ${end}, but the file has ${fileSize}`, name);
    }
  }
}

function truncated(file: string, message: string, name?: string): VultuneError {
  return new VultuneError('GGUF_TRUNCATED', `${file} is cut short: ${message}`, {
    where: name === undefined ? { file } : { file, name },
    hint: 'Probably an interrupted download: delete the file and download it again.',
  });
}

function bad(code: string, file: string, message: string, name?: string): VultuneError {
  return new VultuneError(code, `${file}: ${message}`, {
    where: name === undefined ? { file } : { file, name },
    hint: 'The file is damaged or was written wrongly: download or convert it again.',
  });
}
