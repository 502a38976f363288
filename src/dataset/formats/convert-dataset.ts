/**
 * @file Any dataset into Vultune's records, one after another: into one file, or into a folder with a file for each
 * split. All files appear at the end, or none.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AtomicWriter } from '../../base/atomic-writer.ts';
import { VultuneError } from '../../base/errors.ts';
import { formatRecord } from '../write-jsonl.ts';
import { type OpenDatasetOptions, openDataset } from './open-dataset.ts';

export interface ConvertProgress {
  readonly records: number;
  readonly bytes: number;
  /** Undefined for standard input. */
  readonly totalBytes: number | undefined;
}

export interface ConvertOptions extends Omit<OpenDatasetOptions, 'tally' | 'onBytes'> {
  /** `-`: standard input. */
  readonly input: string;
  /** A file when it ends in .jsonl, else a folder. */
  readonly out: string;
  readonly onProgress?: (progress: ConvertProgress) => void;
}

export interface ConvertedFile {
  readonly path: string;
  readonly records: number;
  readonly vulnerable: number;
}

export interface ConvertReport {
  readonly format: string;
  readonly files: readonly ConvertedFile[];
  /** Rows left out, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/**
 * Converts a dataset; memory is bounded by its largest row.
 * @throws VultuneError as `openDataset`; `OUTPUT_EXISTS` for a folder with something in it; `DATASET_CONVERT_STOPPED`
 * (exit code 130) once the signal is set: nothing is left behind.
 */
export async function convertDataset(options: ConvertOptions): Promise<ConvertReport> {
  const { input, out, onProgress, signal, ...reading } = options;
  const isFile = /\.jsonl$/i.test(out);
  if (!isFile) checkFolder(out);
  const leftOut: Record<string, number> = {};
  let bytes = 0;
  const dataset = await openDataset(input, {
    ...reading,
    ...(signal === undefined ? {} : { signal }),
    tally: { add: (reason, count = 1) => (leftOut[reason] = (leftOut[reason] ?? 0) + count) },
    onBytes: (done) => (bytes = done),
  });
  const outputs = new Map<string, Output>();
  let records = 0;
  try {
    for await (const { record, split } of dataset.records()) {
      if (signal?.aborted === true) throw stopped();
      // One file keeps the split as a field; in a folder the file's name says it.
      const path = isFile ? out : join(out, `${split ?? 'data'}.jsonl`);
      const output = outputs.get(path) ?? { writer: new AtomicWriter(path), records: 0, vulnerable: 0 };
      outputs.set(path, output);
      output.writer.write(formatRecord(isFile && split !== undefined ? { ...record, split } : record));
      output.records++;
      if (record.target === 1) output.vulnerable++;
      records++;
      if (records % PROGRESS_EVERY === 0) onProgress?.({ records, bytes, totalBytes: dataset.sizeBytes });
    }
    for (const { writer } of outputs.values()) writer.commit();
  } catch (error) {
    for (const { writer } of outputs.values()) writer.discard();
    throw signal?.aborted === true ? stopped() : error;
  }
  const files = [...outputs].map(([path, { records: count, vulnerable }]) => ({
    path,
    records: count,
    vulnerable,
  }));
  return { format: dataset.format, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), leftOut };
}

interface Output {
  readonly writer: AtomicWriter;
  records: number;
  vulnerable: number;
}

const PROGRESS_EVERY = 200;

function checkFolder(out: string): void {
  if (!existsSync(out)) return;
  if (statSync(out).isDirectory() && readdirSync(out).length === 0) return;
  throw new VultuneError('OUTPUT_EXISTS', `${out} already exists`, {
    where: { file: out },
    hint: 'choose a new or empty folder, or a file that ends in .jsonl',
  });
}

function stopped(): VultuneError {
  return new VultuneError('DATASET_CONVERT_STOPPED', 'stopped; nothing was written', { exitCode: 130 });
}
