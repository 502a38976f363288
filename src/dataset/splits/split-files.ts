/**
 * @file Writes train.jsonl, valid.jsonl, test.jsonl record by record, then the card and dataset.json: whole or not at
 * all, a folder with a dataset.json is complete. Decides nothing.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AtomicWriter } from '../../base/atomic-writer.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { BuildSplitInfo } from '../build/build-info.ts';
import { SPLITS, type Split } from '../build/split-by-group.ts';
import { checkOutputFolder } from '../build/write-dataset.ts';
import type { DatasetRecord } from '../record.ts';
import { formatRecord } from '../write-jsonl.ts';

export class SplitFiles {
  readonly #outDir: string;
  readonly #parts: Readonly<Record<Split, PartFile>>;

  /** @throws VultuneError `OUTPUT_EXISTS` (the folder holds something else), and as `AtomicWriter`. */
  constructor(outDir: string) {
    checkOutputFolder(outDir);
    this.#outDir = outDir;
    const part = (split: Split) => new PartFile(join(outDir, `${split}.jsonl`));
    this.#parts = { train: part('train'), valid: part('valid'), test: part('test') };
  }

  add(split: Split, record: DatasetRecord): void {
    this.#parts[split].add(record);
  }

  /** Puts everything in its place; `describe` makes dataset.json and the card out of the counts. */
  commit<Info>(
    describe: (splits: Readonly<Record<Split, BuildSplitInfo>>) => {
      readonly info: Info;
      readonly card: string;
    },
  ): Info {
    rmSync(join(this.#outDir, 'dataset.json'), { force: true });
    const counts = Object.fromEntries(SPLITS.map((split) => [split, this.#parts[split].commit()]));
    const { info, card } = describe(counts as Record<Split, BuildSplitInfo>);
    writeFileAtomic(join(this.#outDir, 'README.md'), card);
    writeFileAtomic(join(this.#outDir, 'dataset.json'), `${JSON.stringify(info, null, 2)}\n`);
    return info;
  }

  /** Takes away what was not committed. */
  discard(): void {
    for (const split of SPLITS) this.#parts[split].discard();
  }
}

class PartFile {
  readonly #writer: AtomicWriter;
  readonly #hash = createHash('sha256');
  readonly #counts = { functions: 0, vulnerable: 0, P1: 0, P2: 0, P3: 0 };
  readonly #projects = new Set<string>();
  readonly #commits = new Set<string>();

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

  commit(): BuildSplitInfo {
    this.#writer.commit();
    return {
      ...this.#counts,
      projects: this.#projects.size,
      commits: this.#commits.size,
      sha256: this.#hash.digest('hex'),
    };
  }

  discard(): void {
    this.#writer.discard();
  }
}
