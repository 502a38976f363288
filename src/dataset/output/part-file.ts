/**
 * @file One part of a dataset (train.jsonl ...) written record by record, whole or not at all, with its counts and its
 * fingerprint. Decides nothing of what goes in.
 */
import { createHash } from 'node:crypto';
import { AtomicWriter } from '../../base/atomic-writer.ts';
import type { DatasetRecord } from '../record.ts';
import { formatRecord } from '../write-jsonl.ts';

export class PartFile {
  readonly #writer: AtomicWriter;
  readonly #hash = createHash('sha256');
  readonly #counts = { functions: 0, vulnerable: 0, P1: 0, P2: 0, P3: 0 };
  readonly #projects = new Set<string>();
  readonly #commits = new Set<string>();

  /** @throws VultuneError as `AtomicWriter`. */
  constructor(path: string) {
    this.#writer = new AtomicWriter(path);
  }

  add(record: DatasetRecord): void {
    const line = formatRecord(record);
    this.#writer.write(line);
    this.#hash.update(line);
    this.#counts.functions++;
    this.#counts.vulnerable += record.target ?? 0;
    if (record.set !== undefined) this.#counts[record.set]++;
    if (record.project !== undefined) this.#projects.add(record.project);
    if (record.commit !== undefined) this.#commits.add(`${record.project ?? ''}@${record.commit}`);
  }

  /** Puts the file in its place. */
  commit(): PartInfo {
    this.#writer.commit();
    return {
      ...this.#counts,
      projects: this.#projects.size,
      commits: this.#commits.size,
      sha256: this.#hash.digest('hex'),
    };
  }

  /** Takes away what was not committed. */
  discard(): void {
    this.#writer.discard();
  }
}

export interface PartInfo {
  readonly functions: number;
  readonly vulnerable: number;
  readonly P1: number;
  readonly P2: number;
  readonly P3: number;
  readonly projects: number;
  readonly commits: number;
  /** The file's SHA-256. */
  readonly sha256: string;
}
