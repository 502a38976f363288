/**
 * @file The records of several files, folders or archives one after another, each with the part of the dataset that it
 * belongs to.
 */
import { basename, extname } from 'node:path';
import type { Tally } from '../../base/tally.ts';
import { SPLITS, type Split } from '../parts.ts';
import type { PlacedDatasetRecord } from './format.ts';
import { type OpenDatasetOptions, openDataset } from './open-dataset.ts';

export interface ReadPartsOptions extends Omit<OpenDatasetOptions, 'onBytes'> {
  readonly onProgress?: (progress: ReadProgress) => void;
}

export interface ReadProgress {
  readonly records: number;
  readonly bytes: number;
  /** The size of all inputs together; undefined where one does not say. */
  readonly totalBytes: number | undefined;
  readonly file: string;
}

export interface PartRecord extends PlacedDatasetRecord {
  /** train, valid or test where the record, its file or its folder says so; else the file's name without ending. */
  readonly part: string;
}

/** Streams all records in the order of `paths`. @throws VultuneError as `openDataset` and its records. */
export async function* readParts(
  paths: readonly string[],
  { onProgress, ...options }: ReadPartsOptions = {},
): AsyncGenerator<PartRecord> {
  let before = 0;
  let here = 0;
  let records = 0;
  const opened = [];
  for (const path of paths) {
    const onBytes = (bytes: number) => {
      here = bytes;
    };
    opened.push(await openDataset(path, { ...options, ...(onProgress === undefined ? {} : { onBytes }) }));
  }
  const totalBytes = sumKnown(opened.map(({ sizeBytes }) => sizeBytes));
  for (const dataset of opened) {
    for await (const placed of dataset.records()) {
      options.signal?.throwIfAborted();
      yield { ...placed, part: partOf(placed) };
      records++;
      if (records % 256 === 0) onProgress?.({ records, bytes: before + here, totalBytes, file: placed.file });
    }
    before += dataset.sizeBytes ?? here;
    here = 0;
  }
}

/** Parts in the order train, valid, test, then the others by name. */
export function compareParts(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Counts reasons; what `Tally` wants. */
export class ReasonCounts implements Tally {
  readonly counts: Record<string, number> = {};

  add(reason: string, count = 1): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + count;
  }
}

/** See `PartRecord`. */
export function partOf({ split, record, file }: PlacedDatasetRecord): string {
  const said = split ?? splitNamed(record.split);
  return said ?? basename(file, extname(file));
}

/** The split that a field or a file name means: `val`, `validation` and `dev` are valid. */
export function splitNamed(text: unknown): Split | undefined {
  if (typeof text !== 'string') return undefined;
  const name = text.trim().toLowerCase();
  if (/^(?:val|validate|validation|dev)$/.test(name)) return 'valid';
  return SPLITS.find((split) => name === split || name === `${split}ing`);
}

const rank = (part: string) => {
  const at = (SPLITS as readonly string[]).indexOf(part);
  return at === -1 ? SPLITS.length : at;
};

function sumKnown(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
}
