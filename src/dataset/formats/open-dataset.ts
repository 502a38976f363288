/**
 * @file The one door to datasets, whoever made them: a file, a folder of files, an archive or standard input, of any
 * format in the registry, as a stream of records. Knows no format itself.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { Tally } from '../../base/tally.ts';
import { archiveEntries, gunzipped, isTar } from './archive-entries.ts';
import type { DatasetFile } from './dataset-file.ts';
import type { FieldMapping } from './field-mapping.ts';
import { folderFiles } from './folder-files.ts';
import type { DatasetFormat, FormatContext, PlacedDatasetRecord } from './format.ts';
import { fileOfStream, fileOnDisk } from './look-at-file.ts';
import { splitOfPath } from './published/cells.ts';
import { formatNamed, recogniseFormat, unknownFormat } from './recognise-format.ts';

export interface OpenDatasetOptions {
  /** A format's name; recognised by content unless given. */
  readonly format?: string;
  /** Default true; false where a record without a target is fine. */
  readonly requireTarget?: boolean;
  /** Given: the file is a table of unknown make, unless `format` says otherwise. */
  readonly mapping?: FieldMapping;
  /** Rows left out, by reason; default: nobody counts. */
  readonly tally?: Tally;
  readonly signal?: AbortSignal;
  /** What `-` reads; standard input unless a test gives another. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Bytes read of `sizeBytes`. */
  readonly onBytes?: (done: number) => void;
}

export interface OpenedDataset {
  /** Name of the format (of the first file, in a folder or archive). */
  readonly format: string;
  /** The size of all files together on disk; undefined for standard input. */
  readonly sizeBytes: number | undefined;
  /**
   * The records in order, streamed; call once. `set` and `pair` are as the format derives them.
   * @throws VultuneError the readers' errors with file and line; `DATASET_EMPTY` when no record was found.
   */
  records(): AsyncIterable<PlacedDatasetRecord>;
}

/**
 * Opens a dataset (`-`: standard input).
 * @throws VultuneError `DATASET_FILE_MISSING`, `DATASET_FORMAT_UNKNOWN`, `FORMAT_NAME_UNKNOWN`, `FIELD_MAPPING`, `ARCHIVE_BROKEN`,
 * `ARCHIVE_BOMB`, and file errors.
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  const named = options.format ?? (options.mapping === undefined ? undefined : 'table');
  const given = named === undefined ? undefined : formatNamed(named);
  if (options.mapping !== undefined && given?.name !== 'table') throw mappingOfKnownFormat(named);
  if (path === '-') {
    const stdin = options.stdin ?? (process.stdin as AsyncIterable<Uint8Array>);
    return openFile(await fileOfStream('standard input', stdin), given, options);
  }
  const file = await fileOnDisk(path, options.signal);
  const whole = given ?? (file.container === 'folder' ? recogniseFormat(file) : undefined);
  if (file.container === 'folder' && whole?.recognise(file) !== true) return openFolder(file, given, options);
  if (file.container === 'tar' || (file.container === 'gzip' && isTar(file.head))) {
    return openArchive(file, given, options);
  }
  if (file.container !== 'gzip') return openFile(file, given, options);
  const opened = openFile(await fileOfStream(path, gunzipped(path, options.signal)), given, options);
  return { ...opened, sizeBytes: file.sizeBytes };
}

function openFile(
  file: DatasetFile,
  given: DatasetFormat | undefined,
  options: OpenDatasetOptions,
): OpenedDataset {
  const format = given ?? recogniseFormat(file);
  if (format === undefined) throw unknownFormat(file);
  const context = formatContext(options, options.onBytes);
  return {
    format: format.name,
    sizeBytes: file.sizeBytes,
    records: () => notEmpty(placed(file, format, context, file.name), file.path),
  };
}

async function openFolder(
  { path }: DatasetFile,
  given: DatasetFormat | undefined,
  options: OpenDatasetOptions,
): Promise<OpenedDataset> {
  const names = folderFiles(path);
  let format: string | undefined;
  let unknown: DatasetFile | undefined;
  for (const name of names) {
    const file = await fileOnDisk(join(path, name), options.signal);
    format = (given ?? recogniseFormat(file))?.name;
    if (format !== undefined) break;
    unknown ??= file;
  }
  if (format === undefined) throw unknown === undefined ? noFiles(path) : unknownFormat(unknown);
  const sizes = names.map((name) => statSync(join(path, name)).size);
  async function* records() {
    let before = 0;
    for (const [index, name] of names.entries()) {
      const file = await fileOnDisk(join(path, name), options.signal);
      const found = given ?? recogniseFormat(file);
      if (found === undefined) options.tally?.add(`file of an unknown format: ${name}`);
      else if (file.container !== 'empty') {
        const base = before;
        yield* placed(
          file,
          found,
          formatContext(options, (done) => options.onBytes?.(base + done)),
          name,
        );
      }
      before += sizes[index]!;
    }
  }
  const sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
  return { format, sizeBytes, records: () => notEmpty(records(), path) };
}

async function openArchive(
  { path, sizeBytes, container }: DatasetFile,
  given: DatasetFormat | undefined,
  options: OpenDatasetOptions,
): Promise<OpenedDataset> {
  const archive = { isGzip: container === 'gzip', signal: options.signal };
  let format: string | undefined;
  let unknown: DatasetFile | undefined;
  for await (const entry of archiveEntries(path, archive)) {
    format = (given ?? recogniseFormat(entry))?.name;
    if (format !== undefined) break;
    unknown ??= entry;
  }
  if (format === undefined) throw unknown === undefined ? noFiles(path) : unknownFormat(unknown);
  const reading = {
    ...archive,
    onBytes: options.onBytes,
    onSkipped: (reason: string) => options.tally?.add(reason),
  };
  async function* records() {
    for await (const entry of archiveEntries(path, reading)) {
      const name = entry.path.slice(path.length + 1);
      const found = given ?? recogniseFormat(entry);
      if (found === undefined) options.tally?.add(`file of an unknown format: ${name}`);
      else if (entry.container !== 'empty')
        yield* placed(entry, found, formatContext(options, undefined), name);
    }
  }
  return { format, sizeBytes, records: () => notEmpty(records(), path) };
}

/** `inside`: the file's path within what was given; it may tell the split. */
async function* placed(
  file: DatasetFile,
  format: DatasetFormat,
  context: FormatContext,
  inside: string,
): AsyncGenerator<PlacedDatasetRecord> {
  const byName = splitOfPath(inside);
  for await (const read of format.read(file, context)) {
    const split = read.split ?? byName;
    yield { ...read, file: file.path, ...(split === undefined ? {} : { split }) };
  }
}

function formatContext(
  { requireTarget = true, tally = { add: () => {} }, signal, mapping }: OpenDatasetOptions,
  onBytes: FormatContext['onBytes'],
): FormatContext {
  return { requireTarget, tally, signal, mapping, onBytes };
}

async function* notEmpty(
  records: AsyncIterable<PlacedDatasetRecord>,
  path: string,
): AsyncGenerator<PlacedDatasetRecord> {
  let isEmpty = true;
  for await (const record of records) {
    isEmpty = false;
    yield record;
  }
  if (!isEmpty) return;
  throw new VultuneError('DATASET_EMPTY', `${path} holds no records`, {
    where: { file: path },
    hint: 'expected functions with labels, such as one JSON object with "code" and "target" per line',
  });
}

/** A published set's columns are known: what was said of them would be passed over in silence. */
function mappingOfKnownFormat(format: string | undefined): VultuneError {
  return new VultuneError('FIELD_MAPPING', `the columns of ${format} are known: a mapping cannot be given`, {
    hint: 'leave out --format to read the file as a table, or --field, --vulnerable and --safe',
  });
}

function noFiles(path: string): VultuneError {
  return new VultuneError('DATASET_EMPTY', `no dataset file in ${path}`, {
    where: { file: path },
    hint: 'expected .jsonl, .json, .csv, .parquet, .hdf5 or .db files',
  });
}
