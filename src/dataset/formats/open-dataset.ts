/**
 * @file The one door to datasets, whoever made them: a file, a folder of files, an archive or standard input, of any
 * format in the registry, as a stream of records. Knows no format itself.
 */
import { VultuneError } from '../../base/errors.ts';
import type { Tally } from '../build/source.ts';
import { streamRecords } from '../read-jsonl.ts';
import type { FieldMapping } from './field-mapping.ts';
import type { PlacedDatasetRecord } from './format.ts';

export interface OpenDatasetOptions {
  /** A format's name; recognised by content unless given. */
  readonly format?: string;
  /** Default true; false where a record without a target is fine. */
  readonly requireTarget?: boolean;
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
  /** Of all files together; undefined for standard input. */
  readonly sizeBytes: number | undefined;
  /**
   * The records in order, streamed; call once. `set` and `pair` are as the format derives them.
   * @throws VultuneError the readers' errors with file and line; `DATASET_EMPTY` when there is no record at all.
   */
  records(): AsyncIterable<PlacedDatasetRecord>;
}

/**
 * Opens a dataset.
 * @throws VultuneError `DATASET_FILE_MISSING`, `DATASET_FORMAT_UNKNOWN`, `FORMAT_NAME_UNKNOWN`, and file errors.
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  if (options.format !== undefined && options.format !== 'vultune') {
    throw new VultuneError('FORMAT_NAME_UNKNOWN', `there is no format "${options.format}"`, {});
  }
  return { format: 'vultune', sizeBytes: undefined, records: () => ownRecords(path, options) };
}

async function* ownRecords(
  path: string,
  { requireTarget = true, stdin }: OpenDatasetOptions,
): AsyncGenerator<PlacedDatasetRecord> {
  const file = path === '-' ? 'standard input' : path;
  const reading = { requireTarget, ...(stdin === undefined ? {} : { stdin }) };
  for await (const { record, line } of streamRecords(path, reading)) yield { record, file, line };
}
