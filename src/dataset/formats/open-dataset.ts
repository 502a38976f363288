/**
 * @file The one door to datasets, whoever made them: a file, a folder of files, an archive or standard input, of any
 * format in the registry, as a stream of records. What a format is made of stands in its own file.
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
import { guessColumns } from './guess-columns.ts';
import { withLabelValues } from './label-values.ts';
import { fileOfStream, fileOnDisk } from './look-at-file.ts';
import { splitOfPath } from './published/cells.ts';
import { formatNamed, isTable, recogniseFormat, unknownFormat } from './recognise-format.ts';

export interface OpenDatasetOptions {
  /** A format's name; recognised by content unless given. */
  readonly format?: string;
  /** Default true; false where a record without a target is fine. */
  readonly requireTarget?: boolean;
  /** Given: the file is a table of unknown make, unless `format` says otherwise. */
  readonly mapping?: FieldMapping;
  /** Whether the columns of a table of unknown make are guessed by their names. Default: false, it is refused. */
  readonly guessColumns?: boolean;
  /** Taken before anything is guessed, for a table of unknown make that has all of these columns. */
  readonly usualColumns?: FieldMapping;
  /** Told of each file that is read by columns that were given or guessed. */
  readonly onColumns?: (file: string, columns: FieldMapping) => void;
  /** Told of each label that is written as a word: `yes` is 1. */
  readonly onLabel?: FormatContext['onLabel'];
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

function usual(
  { fields }: DatasetFile,
  { mapping, usualColumns }: OpenDatasetOptions,
): FieldMapping | undefined {
  if (mapping !== undefined || usualColumns === undefined) return undefined;
  return [...usualColumns.fields.values()].every((column) => fields.includes(column))
    ? usualColumns
    : undefined;
}

function openFile(
  file: DatasetFile,
  given: DatasetFormat | undefined,
  options: OpenDatasetOptions,
): OpenedDataset {
  const reader = readerOf(file, given, options);
  if (reader === undefined) throw unknownFormat(file);
  const context = formatContext(options, reader, options.onBytes);
  return {
    format: reader.format.name,
    sizeBytes: file.sizeBytes,
    records: () => notEmpty(placed(file, reader.format, context, file.name), file.path),
  };
}

interface FileReader {
  readonly format: DatasetFormat;
  readonly mapping: FieldMapping | undefined;
}

/** How a file is read: by its format, or as a table with the columns that were given or can be guessed. */
function readerOf(
  file: DatasetFile,
  given: DatasetFormat | undefined,
  options: OpenDatasetOptions,
): FileReader | undefined {
  const { mapping, guessColumns: mayGuess = false, requireTarget = true, onColumns } = options;
  const format = given ?? recogniseFormat(file);
  const isOwnRecord = format?.name === 'vultune' && (file.fields.length === 0 || 'target' in file.first);
  const isPlainTable = format === undefined || ['table', 'vultune'].includes(format.name);
  const columns =
    mayGuess && isPlainTable && !isOwnRecord && isTable(file)
      ? (usual(file, options) ?? guessColumns(file, requireTarget, mapping))
      : mapping;
  // Records of our own without a label: nothing is there to be guessed, and no field is left out.
  const isGuessed = [...(columns?.fields ?? [])].some(([field, column]) => field !== column);
  if (columns === undefined || (columns !== mapping && !isGuessed && format !== undefined)) {
    return format && { format, mapping };
  }
  onColumns?.(file.path, columns);
  return { format: formatNamed('table'), mapping: columns };
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
    format = readerOf(file, given, { ...options, onColumns: () => {} })?.format.name;
    if (format !== undefined) break;
    unknown ??= file;
  }
  if (format === undefined) throw unknown === undefined ? noFiles(path) : unknownFormat(unknown);
  const sizes = names.map((name) => statSync(join(path, name)).size);
  async function* records() {
    let before = 0;
    for (const [index, name] of names.entries()) {
      const file = await fileOnDisk(join(path, name), options.signal);
      const found = readerOf(file, given, options);
      if (found === undefined) options.tally?.add(`file of an unknown format: ${name}`);
      else if (file.container !== 'empty') {
        const base = before;
        yield* placed(
          file,
          found.format,
          formatContext(options, found, (done) => options.onBytes?.(base + done)),
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
    format = readerOf(entry, given, { ...options, onColumns: () => {} })?.format.name;
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
      const found = readerOf(entry, given, options);
      if (found === undefined) options.tally?.add(`file of an unknown format: ${name}`);
      else if (entry.container !== 'empty')
        yield* placed(entry, found.format, formatContext(options, found, undefined), name);
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
  try {
    for await (const read of format.read(file, context)) {
      const split = read.split ?? byName;
      yield { ...read, file: file.path, ...(split === undefined ? {} : { split }) };
    }
  } catch (error) {
    throw await withLabelValues(error, file, context.signal);
  }
}

function formatContext(
  { requireTarget = true, tally = { add: () => {} }, signal, onLabel }: OpenDatasetOptions,
  { mapping }: FileReader,
  onBytes: FormatContext['onBytes'],
): FormatContext {
  return { requireTarget, tally, signal, mapping, onLabel, onBytes };
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
