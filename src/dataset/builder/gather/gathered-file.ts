/**
 * @file One analysed unit on disk: a line a function, a summary with a checksum last, so that a file without one is not whole.
 * A stopped build resumes from these files, and selection reads them.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { AtomicWriter } from '../../../base/atomic-writer.ts';
import { jsonOrUndefined } from '../../../schema/check-value.ts';
import { z } from '../../../schema/zod.ts';
import { readLines } from '../../read-lines.ts';

/** To be raised whenever the same files would be analysed differently: parser, names, matching, filters. */
export const GATHERING_VERSION = 8;

/** before, after: of a function that the fix changed; record: somebody's own label. */
export type GatheredRole = 'before' | 'after' | 'deleted' | 'unchanged' | 'record';

/** What selection needs to know of a function; short, there may be a million. */
export interface GatheredMeta {
  readonly role: GatheredRole;
  /** The same for a before and its after; numbers within the unit. */
  readonly pair?: number;
  /** 128 bits of the normalised text, hexadecimal. */
  readonly body: string;
  /** MinHash sketch, base64. */
  readonly sketch: string;
  readonly tokens: number;
  readonly path?: string;
  /** Names as the record has them, for functions that an advisory names. */
  readonly names?: readonly string[];
  /** Where it begins, for the same. */
  readonly line?: number;
  /** What a record's label and split depend on; records only. */
  readonly label?: RecordLabel;
}

export interface RecordLabel {
  readonly target: 0 | 1;
  readonly set?: string;
  readonly pair?: string;
  readonly project?: string;
  readonly commit?: string;
  readonly date?: string;
  readonly cve?: string;
  readonly split?: string;
}

/** Fields that a record gets from the function alone. */
export type GatheredFields = Readonly<Record<string, unknown>> & { readonly code: string };

export interface GatheredSummary {
  /** Functions that the fix changed, added and took away, outside tests. */
  readonly changed: number;
  readonly added: number;
  readonly deleted: number;
  /** Why files and functions were left out. */
  readonly files: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
  /** The number of units that a source of records is gathered in. */
  readonly units?: number;
}

/** Where the unit with this key is gathered. */
export const gatheredPath = (gatheredDir: string, key: string): string =>
  join(gatheredDir, gatheredName(key));

/** The same within the folder, with `/`. */
export function gatheredName(key: string): string {
  const hash = createHash('sha256').update(`${GATHERING_VERSION} ${key}`).digest('hex');
  return `${hash.slice(0, 2)}/${hash.slice(2, 34)}.jsonl`;
}

export class GatheredFileWriter {
  readonly #writer: AtomicWriter;
  readonly #hash = createHash('sha256');

  constructor(path: string) {
    this.#writer = new AtomicWriter(path);
  }

  /** JSON never holds a tab: it parts the two. */
  add(meta: GatheredMeta, fields: GatheredFields): void {
    this.#write(`${JSON.stringify(meta)}\t${JSON.stringify(fields)}\n`);
  }

  commit(summary: GatheredSummary): void {
    this.#write(`${SUMMARY}${JSON.stringify(summary)}\t`);
    this.#writer.write(`${this.#hash.digest('hex')}\n`);
    this.#writer.commit();
  }

  discard(): void {
    this.#writer.discard();
  }

  #write(text: string): void {
    this.#hash.update(text);
    this.#writer.write(text);
  }
}

const SUMMARY = 'summary\t';
/** More than a summary takes. */
const TAIL_BYTES = 64 * 1024;
/** A SHA-256 of all that comes before it, and the line's end. */
const CHECKSUM_BYTES = 65;

const counts = z.record(z.string(), z.int().min(0));
const summarySchema = z.object({
  changed: z.int().min(0),
  added: z.int().min(0),
  deleted: z.int().min(0),
  files: counts,
  functions: counts,
  units: z.int().min(0).optional(),
});

/** The summary of a unit that is gathered, whole and as it was written, else undefined: it is then made again. */
export function readSummary(path: string): GatheredSummary | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const checkedBytes = fstatSync(file).size - CHECKSUM_BYTES;
    const start = Math.max(0, checkedBytes - TAIL_BYTES);
    const tail = Buffer.alloc(Math.max(0, checkedBytes + CHECKSUM_BYTES - start));
    readSync(file, tail, 0, tail.length, start);
    const [, json, checksum] = /(?:^|\n)summary\t(.*)\t([0-9a-f]{64})\n$/.exec(tail.toString('utf8')) ?? [];
    if (json === undefined || hashOfBeginning(file, checkedBytes) !== checksum) return undefined;
    return jsonOrUndefined(summarySchema, json) as GatheredSummary | undefined;
  } catch {
    // Cut short meanwhile, or not readable.
    return undefined;
  } finally {
    closeSync(file);
  }
}

function hashOfBeginning(file: number, bytes: number): string {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(2 ** 20);
  for (let at = 0; at < bytes; ) {
    const read = readSync(file, chunk, 0, Math.min(chunk.length, bytes - at), at);
    if (read === 0) break;
    hash.update(chunk.subarray(0, read));
    at += read;
  }
  return hash.digest('hex');
}

/** The last line, which is not a function's. */
export const isSummaryLine = (text: string): boolean => text.startsWith(SUMMARY);

/** The lines of a gathered unit, unparsed: what is not kept need not be. */
export async function* readGathered(path: string): AsyncGenerator<GatheredLine> {
  for await (const { text } of readLines(path)) if (!isSummaryLine(text)) yield new GatheredLine(text);
}

export class GatheredLine {
  readonly #text: string;
  readonly #tab: number;

  constructor(text: string) {
    this.#text = text;
    this.#tab = text.indexOf('\t');
  }

  meta(): GatheredMeta {
    return JSON.parse(this.#text.slice(0, this.#tab)) as GatheredMeta;
  }

  fields(): GatheredFields {
    return JSON.parse(this.#text.slice(this.#tab + 1)) as GatheredFields;
  }
}
