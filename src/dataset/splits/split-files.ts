/**
 * @file Writes train.jsonl, valid.jsonl, test.jsonl record by record, then the card and dataset.json: whole or not at
 * all, a folder with a dataset.json is complete. Decides nothing.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { checkOutputFolder } from '../output/output-folder.ts';
import type { PartInfo } from '../output/part-file.ts';
import { PartFile } from '../output/part-file.ts';
import { SPLITS, type Split } from '../parts.ts';
import type { DatasetRecord } from '../record.ts';

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
    describe: (splits: Readonly<Record<Split, PartInfo>>) => {
      readonly info: Info;
      readonly card: string;
    },
  ): Info {
    // What says that a dataset is whole, and what shows an older one.
    for (const name of ['dataset.json', 'report.html']) rmSync(join(this.#outDir, name), { force: true });
    const counts = Object.fromEntries(SPLITS.map((split) => [split, this.#parts[split].commit()]));
    const { info, card } = describe(counts as Record<Split, PartInfo>);
    writeFileAtomic(join(this.#outDir, 'README.md'), card);
    writeFileAtomic(join(this.#outDir, 'dataset.json'), `${JSON.stringify(info, null, 2)}\n`);
    return info;
  }

  /** Takes away what was not committed. */
  discard(): void {
    for (const split of SPLITS) this.#parts[split].discard();
  }
}
