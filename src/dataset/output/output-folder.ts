/**
 * @file Writes a built dataset: one JSON-lines file a split, the card, and dataset.json last, so that a folder with a
 * dataset.json is whole. Removes nothing that it did not write.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { finalName } from '../../base/temporary-files.ts';
import { SPLITS, type Split } from '../parts.ts';
import type { DatasetRecord } from '../record.ts';
import { writeRecords } from '../write-jsonl.ts';

const OURS = new Set([
  ...SPLITS.map((split) => `${split}.jsonl`),
  'dataset.json',
  'README.md',
  'report.html',
]);

/** @throws VultuneError `OUTPUT_EXISTS` when the folder holds something else than an earlier build. */
export function checkOutputFolder(outDir: string): void {
  if (!existsSync(outDir)) return;
  const names = readdirSync(outDir);
  // A killed build may have left no more than a file that it was writing.
  if (names.includes('dataset.json') || names.every((name) => OURS.has(finalName(name)))) return;
  throw new VultuneError('OUTPUT_EXISTS', `${outDir} exists and is not a dataset from an earlier build`, {
    where: { file: outDir },
    hint: 'choose a new or empty folder',
  });
}

/** @throws VultuneError `OUTPUT_EXISTS`: an input, and what it says of where it is from, would be lost. */
export function refuseOwnInput(inputs: readonly string[], outDir: string): void {
  const written = ['', ...SPLITS.map((split) => `${split}.jsonl`)].map((name) => resolve(outDir, name));
  const own = existsSync(outDir) ? inputs.find((input) => written.includes(resolve(input))) : undefined;
  if (own === undefined) return;
  throw new VultuneError('OUTPUT_EXISTS', `${outDir} would overwrite ${own}, which is an input`, {
    where: { file: outDir },
    hint: 'choose a new or empty folder',
  });
}

export function writeDataset(
  outDir: string,
  splits: Readonly<Record<Split, readonly DatasetRecord[]>>,
  info: unknown,
  card: string,
): void {
  // What says that a dataset is whole, and what shows an older one.
  for (const name of ['dataset.json', 'report.html']) rmSync(join(outDir, name), { force: true });
  for (const split of SPLITS) writeRecords(join(outDir, `${split}.jsonl`), splits[split]);
  writeFileAtomic(join(outDir, 'README.md'), card);
  writeFileAtomic(join(outDir, 'dataset.json'), `${JSON.stringify(info, null, 2)}\n`);
}
