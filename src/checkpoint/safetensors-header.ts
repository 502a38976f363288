/**
 * @file The header of a safetensors file: 8 bytes little-endian length, JSON of that length, then the data.
 * `{"__metadata__": {string: string}, NAME: {"dtype", "shape", "data_offsets": [begin, end]}}`, offsets from the data's start.
 * Every claim of the header is checked against the file's size before a byte of data is read.
 */
import { VultuneError } from '../base/errors.ts';
import { sizeOf } from '../tensor/host-tensor.ts';
import { ELEMENT_BYTES, type ElementType } from './element-types.ts';

export interface SafetensorsInfo {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** Position in the file of the first byte. */
  readonly start: number;
  readonly sizeBytes: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsInfo>;
}

/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;

export interface WrittenTensor {
  readonly name: string;
  /** As the format calls it: F32, BF16 ... */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sizeBytes: number;
}

/** Length and JSON of a file whose data follow in this order, padded with spaces to a multiple of 8: every tensor is aligned. */
export function encodeHeader(
  tensors: readonly WrittenTensor[],
  metadata?: Readonly<Record<string, string>>,
): Buffer {
  const fields = metadata === undefined ? [] : [jsonField('__metadata__', sortedByKey(metadata))];
  let at = 0;
  for (const { name, dtype, shape, sizeBytes } of tensors) {
    const end = at + sizeBytes;
    fields.push(jsonField(name, { dtype, shape, data_offsets: [at, end] }));
    at = end;
  }
  const json = Buffer.from(`{${fields.join(',')}}`);
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const header = Buffer.alloc(8 + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, 8);
  return header;
}

/** By hand, because a JavaScript object moves keys like "0" to the front. */
function jsonField(key: string, value: unknown): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}

function sortedByKey(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => compareBytes(a, b)));
}

/** The order of UTF-8 bytes, which does not depend on the locale. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Length of the JSON that follows the first 8 bytes. Throws SAFETENSORS_TRUNCATED, SAFETENSORS_HEADER. */
export function headerLength(file: string, prefix: Uint8Array, fileSizeBytes: number): number {
  if (prefix.byteLength < 8) {
    throw truncated(file, `${prefix.byteLength} bytes, too short for a header`);
  }
  // What git leaves in place of a large file it did not fetch: "version https://git-lfs..."
  if (Buffer.from(prefix).toString('latin1') === 'version ') {
    throw new VultuneError('SAFETENSORS_HEADER', `${file} is a Git LFS pointer, not the file itself`, {
      where: { file },
      hint: 'Fetch the large files: git lfs pull.',
    });
  }
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    throw badHeader(file, `the header claims ${length} bytes, more than any safetensors file has`);
  }
  if (8 + length > fileSizeBytes) {
    throw truncated(file, `the header claims ${length} bytes, but the file has ${fileSizeBytes} in all`);
  }
  return length;
}

/** Throws SAFETENSORS_HEADER, SAFETENSORS_DTYPE, SAFETENSORS_OFFSETS, SAFETENSORS_TRUNCATED. */
export function parseHeader(file: string, json: Uint8Array, fileSizeBytes: number): SafetensorsHeader {
  const entries = Object.entries(parseJson(file, json));
  const dataStart = 8 + json.byteLength;
  const metadata = entries.find(([name]) => name === '__metadata__')?.[1] ?? {};
  if (!isStringRecord(metadata)) throw badHeader(file, '__metadata__ must map strings to strings');
  const tensors = new Map<string, SafetensorsInfo>();
  for (const [name, value] of entries) {
    if (name !== '__metadata__') tensors.set(name, parseEntry(file, name, value, dataStart));
  }
  checkLayout(file, tensors, dataStart, fileSizeBytes);
  return { metadata, tensors };
}

function parseJson(file: string, json: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw badHeader(file, 'the header is not JSON', cause);
  }
  if (!isRecord(value)) throw badHeader(file, 'the header is not a JSON object');
  return value;
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): SafetensorsInfo {
  const entry = isRecord(value) ? value : {};
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw badHeader(file, `"${name}" needs dtype, shape and data_offsets [begin, end]`);
  }
  if (!isDType(dtype)) {
    const known = Object.keys(ELEMENT_BYTES).join(', ');
    throw new VultuneError('SAFETENSORS_DTYPE', `"${name}" has element type ${dtype}; known are ${known}`, {
      where: { file, name },
    });
  }
  const [begin, end] = offsets as [number, number];
  const expected = sizeOf(shape) * ELEMENT_BYTES[dtype];
  if (end - begin !== expected) {
    const found = `bytes ${begin} to ${end} (${end - begin})`;
    throw badOffsets(
      file,
      name,
      `"${name}" lies at ${found}, but ${dtype} [${shape.join(', ')}] takes ${expected}`,
    );
  }
  return { dtype, shape, start: dataStart + begin, sizeBytes: expected };
}

/** The data is one run of bytes without gaps or overlaps that ends where the file ends. */
function checkLayout(
  file: string,
  tensors: ReadonlyMap<string, SafetensorsInfo>,
  dataStart: number,
  fileSizeBytes: number,
): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.sizeBytes - b.sizeBytes);
  let at = dataStart;
  for (const [name, info] of inOrder) {
    if (info.start !== at) {
      const kind = info.start < at ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw badOffsets(
        file,
        name,
        `"${name}" ${kind}: it begins at byte ${info.start}, expected byte ${at} of the file`,
      );
    }
    at += info.sizeBytes;
    if (at > fileSizeBytes) {
      throw truncated(file, `"${name}" needs bytes up to ${at}, but the file has ${fileSizeBytes}`, name);
    }
  }
  if (at !== fileSizeBytes) {
    throw new VultuneError(
      'SAFETENSORS_OFFSETS',
      `${file}: the tensors end at byte ${at}, the file at byte ${fileSizeBytes}`,
      { where: { file }, hint: REDOWNLOAD },
    );
  }
}

const REDOWNLOAD = 'The file is damaged or was written wrongly: download or convert it again.';

function truncated(file: string, message: string, name?: string): VultuneError {
  const where = name === undefined ? { file } : { file, name };
  return new VultuneError('SAFETENSORS_TRUNCATED', `${file} is cut short: ${message}`, {
    where,
    hint: 'Probably an interrupted download: delete the file and download it again.',
  });
}

function badHeader(file: string, message: string, cause?: unknown): VultuneError {
  return new VultuneError('SAFETENSORS_HEADER', `${file} is not a valid safetensors file: ${message}`, {
    where: { file },
    hint: REDOWNLOAD,
    cause,
  });
}

function badOffsets(file: string, name: string, message: string): VultuneError {
  return new VultuneError('SAFETENSORS_OFFSETS', `${file}: ${message}`, {
    where: { file, name },
    hint: REDOWNLOAD,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === 'string');
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isDType(value: string): value is ElementType {
  return Object.hasOwn(ELEMENT_BYTES, value);
}
