/**
 * @file What a format of datasets is: how a file of it is known, and how its records are read one after another.
 * Holds nothing but the shapes; which formats there are is registry.ts's business.
 */
import type { Tally } from '../../base/tally.ts';
import type { Split } from '../parts.ts';
import type { DatasetRecord, Target } from '../record.ts';
import type { DatasetFile } from './dataset-file.ts';
import type { FieldMapping } from './field-mapping.ts';

/** A record with the place that it came from, for messages. */
export interface PlacedDatasetRecord {
  readonly record: DatasetRecord;
  /** As given, or `ARCHIVE/ENTRY` for a file in an archive. */
  readonly file: string;
  /** 1-based: the line where it begins (JSON lines, CSV), else the row (in an array, Parquet or a database). */
  readonly line: number;
  /** The part that the set's authors put it in: by its own field, or by the name of its file or folder. */
  readonly split?: Split;
}

export interface FormatContext {
  /** False: records without a target pass (`predict`, `inspect`). */
  readonly requireTarget: boolean;
  /** Rows that are left out, by reason. */
  readonly tally: Tally;
  readonly signal?: AbortSignal | undefined;
  /** What the user said of fields and target values; for tables of unknown make. */
  readonly mapping?: FieldMapping | undefined;
  /** Told of each label that is not the number 0 or 1: what was written, and what it means. */
  readonly onLabel?: ((written: string, target: Target) => void) | undefined;
  /** Bytes of this file that are read by now, for progress. */
  readonly onBytes?: ((done: number) => void) | undefined;
}

export type ReadRecord = Omit<PlacedDatasetRecord, 'file'>;

export interface DatasetFormat {
  /** As `--format` takes it: `primevul`. */
  readonly name: string;
  /** One line for help and messages. */
  readonly summary: string;
  /** By what the file holds, never by its name alone. */
  recognise(file: DatasetFile): boolean;
  /** Streams the records with memory bounded by the largest row. @throws VultuneError with the place. */
  read(file: DatasetFile, context: FormatContext): AsyncIterable<ReadRecord>;
}
