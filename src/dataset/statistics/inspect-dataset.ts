/**
 * @file What a person wants to see of a dataset that they do not know: format, fields with what is in them, the first
 * records, counts. One pass; memory does not grow with the dataset.
 */

import type { Columns } from '../formats/field-mapping.ts';
import { type OpenUnderstoodOptions, openUnderstood } from '../formats/open-understood.ts';
import { compareParts, partOf, type ReadProgress } from '../formats/read-parts.ts';
import type { DatasetRecord } from '../record.ts';
import type { Counts } from './dataset-statistics.ts';

export interface InspectOptions extends Omit<OpenUnderstoodOptions, 'onBytes' | 'requireTarget'> {
  readonly onProgress?: (progress: ReadProgress) => void;
  /** First records to show. */
  readonly records: number;
}

export interface InspectReport {
  readonly path: string;
  /** Name of the format that it was read as. */
  readonly format: string;
  /** Record field → column; null: the format knows its columns. */
  readonly columns: Columns | null;
  /** Labels that are words, and what they were taken for. */
  readonly labels: Readonly<Record<string, 0 | 1>>;
  readonly sizeBytes: number | null;
  readonly total: Counts & { readonly unlabelled: number };
  readonly parts: Readonly<Record<string, Counts>>;
  /** In the order in which they first come; at most 200. */
  readonly fields: readonly FieldReport[];
  readonly first: readonly InspectedRecord[];
}

export interface FieldReport {
  readonly name: string;
  /** string, number, boolean, list, object. */
  readonly types: readonly string[];
  readonly present: number;
  /** Different values; null: more than 1,000. */
  readonly distinct: number | null;
  /** The first value, on one line and cut short. */
  readonly example: string;
}

export interface InspectedRecord {
  readonly file: string;
  readonly line: number;
  readonly part: string;
  readonly record: DatasetRecord;
}

const MOST_FIELDS = 200;
const MOST_DISTINCT = 1000;
const EXAMPLE_CHARACTERS = 60;

/** @throws VultuneError as `openDataset` and its records. */
export async function inspectDataset(path: string, options: InspectOptions): Promise<InspectReport> {
  let bytes = 0;
  const onBytes = (done: number) => {
    bytes = done;
  };
  const dataset = await openUnderstood(path, { ...options, requireTarget: false, onBytes });
  const fields = new Map<string, FieldCounter>();
  const parts = new Map<string, { functions: number; vulnerable: number }>();
  const first: InspectedRecord[] = [];
  const total = { functions: 0, vulnerable: 0, unlabelled: 0 };
  for await (const placed of dataset.records()) {
    options.signal?.throwIfAborted();
    const { record, file, line } = placed;
    const part = partOf(placed);
    const vulnerable = record.target === 1 ? 1 : 0;
    const counts = parts.get(part) ?? { functions: 0, vulnerable: 0 };
    counts.functions++;
    counts.vulnerable += vulnerable;
    parts.set(part, counts);
    total.functions++;
    total.vulnerable += vulnerable;
    if (record.target === undefined) total.unlabelled++;
    if (total.functions % 256 === 0) {
      options.onProgress?.({ records: total.functions, bytes, totalBytes: dataset.sizeBytes, file });
    }
    if (first.length < options.records) first.push({ file, line, part, record });
    for (const [name, value] of Object.entries(record)) {
      const counter = fields.get(name) ?? new FieldCounter(name);
      if (fields.size < MOST_FIELDS) fields.set(name, counter);
      counter.add(value);
    }
  }
  return {
    path,
    format: dataset.format,
    columns: dataset.columns() ?? null,
    labels: Object.fromEntries(dataset.labels),
    sizeBytes: dataset.sizeBytes ?? null,
    total,
    parts: Object.fromEntries([...parts].sort(([a], [b]) => compareParts(a, b))),
    fields: [...fields.values()].map((counter) => counter.report()),
    first,
  };
}

class FieldCounter {
  readonly #name: string;
  readonly #types = new Set<string>();
  readonly #values = new Set<string>();
  #present = 0;
  #example = '';

  constructor(name: string) {
    this.#name = name;
  }

  add(value: unknown): void {
    this.#present++;
    this.#types.add(Array.isArray(value) ? 'list' : typeof value);
    const isFull = this.#values.size > MOST_DISTINCT;
    if (isFull && this.#example !== '') return;
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    // Long texts by their beginning and length: near enough, and 1,000 of them take no room.
    if (!isFull) this.#values.add(text.length <= 200 ? text : `${text.slice(0, 200)} ${text.length}`);
    if (this.#example === '') this.#example = shorten(text);
  }

  report(): FieldReport {
    return {
      name: this.#name,
      types: [...this.#types],
      present: this.#present,
      distinct: this.#values.size > MOST_DISTINCT ? null : this.#values.size,
      example: this.#example,
    };
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= EXAMPLE_CHARACTERS ? line : `${line.slice(0, EXAMPLE_CHARACTERS - 3)}...`;
}
