/**
 * @file All records of one dataset in memory, whatever its format: what training, evaluation and prediction read. Says
 * how the file was understood, so that nothing is guessed in silence.
 */
import { pairRecords } from '../pair-records.ts';
import type { DatasetRecord, LabelledRecord, Target } from '../record.ts';
import { type Columns, mappingOfFields } from './field-mapping.ts';
import type { OpenDatasetOptions } from './open-dataset.ts';
import { openUnderstood } from './open-understood.ts';
import { type ReadProgress, ReasonCounts } from './read-parts.ts';

export interface ReadDatasetOptions
  extends Pick<OpenDatasetOptions, 'format' | 'requireTarget' | 'signal' | 'stdin'> {
  /** Record field → column, for a table of unknown make: `{ code: 'func', target: 'vul' }`; default: guessed by name. */
  readonly fields?: Columns | undefined;
  /** Taken without `fields`, before anything is guessed, where a table of unknown make has all of these columns. */
  readonly usual?: Columns | undefined;
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** How a dataset was understood. */
export interface Understood {
  /** Name of the format. */
  readonly format: string;
  /** Where the file is a table of unknown make. */
  readonly columns: Columns | undefined;
  /** Labels that were written as words, and what they were taken for. */
  readonly labels: ReadonlyMap<string, Target>;
  /** Rows that were left out, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface ReadDataset<R extends DatasetRecord = DatasetRecord> extends Understood {
  /** In order; `set` and `pair` are derived where X_1's fields allow it. */
  readonly records: readonly R[];
}

/** @throws VultuneError as `openDataset` and its records; a table whose columns are not known by name is refused. */
export async function readDataset(
  path: string,
  { usual, onProgress, ...options }: ReadDatasetOptions = {},
): Promise<ReadDataset> {
  const leftOut = new ReasonCounts();
  let bytes = 0;
  const dataset = await openUnderstood(path, {
    ...options,
    ...(usual === undefined ? {} : { usualColumns: mappingOfFields(usual) }),
    tally: leftOut,
    onBytes: (done) => {
      bytes = done;
    },
  });
  const records: DatasetRecord[] = [];
  for await (const { record, file } of dataset.records()) {
    records.push(record);
    if (records.length % 256 === 0) {
      onProgress?.({ records: records.length, bytes, totalBytes: dataset.sizeBytes, file });
    }
  }
  return {
    records: pairRecords(records),
    format: dataset.format,
    columns: dataset.columns(),
    labels: dataset.labels,
    leftOut: leftOut.counts,
  };
}

/** As `readDataset`, every record with a label. */
export async function readLabelledDataset(
  path: string,
  options: Omit<ReadDatasetOptions, 'requireTarget'> = {},
): Promise<ReadDataset<LabelledRecord>> {
  return (await readDataset(path, { ...options, requireTarget: true })) as ReadDataset<LabelledRecord>;
}
