/**
 * @file One analysed unit on disk: a line a function, a summary last, so that a file without one is not whole. A stopped build
 * resumes from these files, and selection reads them.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AtomicWriter } from '../../../base/atomic-writer.ts';
import { readLines } from '../../read-lines.ts';

/** To be raised whenever the same files would be analysed differently: parser, names, matching, filters. */
export const STAGING_VERSION = 4;

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
export function gatheredPath(gatheredDir: string, key: string): string {
  const hash = createHash('sha256').update(`${STAGING_VERSION} ${key}`).digest('hex');
  return join(gatheredDir, hash.slice(0, 2), `${hash.slice(2, 34)}.jsonl`);
}

export class GatheredFileWriter {
  readonly #writer: AtomicWriter;

  constructor(path: string) {
    this.#writer = new AtomicWriter(path);
  }

  /** JSON never holds a tab: it parts the two. */
  add(meta: GatheredMeta, fields: GatheredFields): void {
    this.#writer.write(`${JSON.stringify(meta)}\t${JSON.stringify(fields)}\n`);
  }

  commit(summary: GatheredSummary): void {
    this.#writer.write(`${SUMMARY}${JSON.stringify(summary)}\n`);
    this.#writer.commit();
  }

  discard(): void {
    this.#writer.discard();
  }
}

const SUMMARY = 'summary\t';
/** More than a summary takes. */
const TAIL_BYTES = 64 * 1024;

/** The summary of a unit that is gathered and whole, else undefined. */
export function readSummary(path: string): GatheredSummary | undefined {
  try {
    const size = statSync(path).size;
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const file = openSync(path, 'r');
    try {
      readSync(file, tail, 0, tail.length, size - tail.length);
    } finally {
      closeSync(file);
    }
    const lines = tail.toString('utf8').trimEnd().split('\n');
    const last = lines.at(-1) ?? '';
    return last.startsWith(SUMMARY) ? (JSON.parse(last.slice(SUMMARY.length)) as GatheredSummary) : undefined;
  } catch {
    // Absent, cut short or of an older layout: it is made again.
    return undefined;
  }
}

/** The lines of a gathered unit, unparsed: what is not kept need not be. */
export async function* readGathered(path: string): AsyncGenerator<GatheredLine> {
  for await (const { text } of readLines(path)) if (!text.startsWith(SUMMARY)) yield new GatheredLine(text);
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
