/**
 * @file Looks at a file of unknown make: reads its first bytes, tells how rows are stored in it and finds the first of
 * them. Which published set it belongs to is recognise-format.ts's business.
 */

import { createReadStream, readdirSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { parseRow } from '../json/parse-row.ts';
import type { Container, DatasetFile } from './dataset-file.ts';
import { csvDelimiter, firstCsvRow } from './rows/csv-rows.ts';
import { jsonRows } from './rows/json-rows.ts';

const HEAD_BYTES = 1024 * 1024;

/** A file or folder on disk. @throws VultuneError `DATASET_FILE_MISSING` and others as `fileError`. */
export async function fileOnDisk(path: string, signal?: AbortSignal): Promise<DatasetFile> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) return folder(path);
    // A named pipe, or what a shell calls /dev/fd/63: its bytes come once, and its size says nothing.
    if (!info.isFile()) return await fileOfStream(path, diskBytes(path));
    const head = await readHead(path, info.size);
    const about = { path, name: basename(path), isOnDisk: true, sizeBytes: info.size };
    return await describe({ ...about, head, bytes: () => diskBytes(path) }, signal);
  } catch (error) {
    throw missing(fileError(error, path, 'read'), path);
  }
}

/** Standard input or an entry of an archive: what was read ahead to look at comes again in `bytes`. */
export async function fileOfStream(
  path: string,
  stream: AsyncIterable<Uint8Array>,
  sizeBytes?: number,
): Promise<DatasetFile> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const rest = stream[Symbol.asyncIterator]();
  while (length < HEAD_BYTES) {
    const { value, done } = await rest.next();
    if (done === true) break;
    chunks.push(value);
    length += value.length;
  }
  async function* bytes() {
    yield* chunks.splice(0);
    yield* { [Symbol.asyncIterator]: () => rest };
  }
  const head = Buffer.concat(chunks).subarray(0, HEAD_BYTES);
  return describe({ path, name: basename(path), isOnDisk: false, sizeBytes, head, bytes });
}

type Undescribed = Omit<DatasetFile, 'container' | 'fields' | 'first'>;

async function describe(file: Undescribed, signal?: AbortSignal): Promise<DatasetFile> {
  const container = containerOf(file.head);
  const first = await firstRow(file, container, signal);
  return { ...file, container, first, fields: Object.keys(first) };
}

/** The bytes of the head that are searched for the first character. */
const BLANK_BYTES = 65_536;

const MAGIC: readonly (readonly [Container, string, number])[] = [
  ['parquet', 'PAR1', 0],
  ['sqlite', 'SQLite format 3\0', 0],
  ['hdf5', '\x89HDF\r\n\x1a\n', 0],
  ['gzip', '\x1f\x8b', 0],
  ['tar', 'ustar', 257],
];

function containerOf(head: Uint8Array): Container {
  if (head.length === 0) return 'empty';
  for (const [container, magic, at] of MAGIC) {
    if (Buffer.from(head.subarray(at, at + magic.length)).toString('latin1') === magic) return container;
  }
  // In the first line only: code in a cell may hold one.
  const lineEnd = head.indexOf(0x0a);
  if (head.subarray(0, lineEnd === -1 ? 4096 : Math.min(lineEnd, 4096)).includes(0)) return 'unknown';
  const text = Buffer.from(head.subarray(0, BLANK_BYTES))
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  // Whatever comes after so many blank lines, the reader of lines finds.
  if (text === '') return head.length > BLANK_BYTES ? 'jsonl' : 'empty';
  if (text.startsWith('{')) return 'jsonl';
  if (text.startsWith('[')) return 'json';
  return csvDelimiter(text) === undefined ? 'unknown' : 'csv';
}

async function firstRow(
  file: Undescribed,
  container: Container,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const text = () =>
    Buffer.from(file.head)
      .toString('utf8')
      .replace(/^\ufeff/, '');
  if (container === 'jsonl') return firstJsonLine(text());
  if (container === 'json') return firstElement(file);
  if (container === 'csv') return firstCsvRow(text(), csvDelimiter(text()) ?? ',');
  if (!file.isOnDisk) return {};
  if (container === 'parquet')
    return (await import('./rows/parquet-rows.ts')).firstParquetRow(file.path, signal);
  if (container === 'sqlite') {
    return named(await (await import('./cvefixes/read-methods.ts')).tableNames(file.path, signal));
  }
  if (container === 'hdf5')
    return named(await (await import('./draper/vdisc.ts')).hdf5Names(file.path, signal));
  return {};
}

/** Databases have tables where tables have columns. */
function named(names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

function firstJsonLine(text: string): Readonly<Record<string, unknown>> {
  try {
    const line = text.trimStart().split('\n', 1)[0]!;
    const value = parseRow(line, { line: 1 });
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

async function firstElement({ head, path }: Undescribed): Promise<Readonly<Record<string, unknown>>> {
  try {
    for await (const { value } of jsonRows(Readable.from([head]), path)) return value;
  } catch {
    // Broken or cut off: whoever reads it says where.
  }
  return {};
}

function folder(path: string): DatasetFile {
  const about = { path, name: basename(path), isOnDisk: true, sizeBytes: undefined, head: new Uint8Array() };
  async function* bytes() {
    yield* [];
  }
  return { ...about, container: 'folder', first: {}, fields: readdirSync(path).sort(), bytes };
}

async function readHead(path: string, size: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(Math.min(HEAD_BYTES, size));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* diskBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) yield chunk as Buffer;
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

function missing(error: unknown, path: string): unknown {
  if (!(error instanceof VultuneError) || error.code !== 'FILE_MISSING') return error;
  return new VultuneError('DATASET_FILE_MISSING', `no such file or folder: ${path}`, {
    where: { file: path },
    hint: 'give the path of a dataset: JSON lines, JSON, CSV, Parquet, SQLite, HDF5, an archive or a folder of them',
    cause: error,
  });
}
