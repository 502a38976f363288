/** @file Datasets for tests: written into a folder of their own, and read back whole through the one door. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PlacedDatasetRecord } from '../../src/dataset/formats/format.ts';
import { type OpenDatasetOptions, openDataset } from '../../src/dataset/formats/open-dataset.ts';

/** A new folder with these files; gone when the test is over. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-dataset-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** The path of one file in a new folder. */
export const fileWith = (name: string, content: string | Uint8Array) =>
  join(folderWith({ [name]: content }), name);

export const jsonLines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export interface ReadBack {
  readonly format: string;
  readonly placed: readonly PlacedDatasetRecord[];
  readonly records: readonly PlacedDatasetRecord['record'][];
  readonly leftOut: Readonly<Record<string, number>>;
}

export async function readBack(path: string, options: OpenDatasetOptions = {}): Promise<ReadBack> {
  const leftOut: Record<string, number> = {};
  const tally = { add: (reason: string, count = 1) => (leftOut[reason] = (leftOut[reason] ?? 0) + count) };
  const dataset = await openDataset(path, { ...options, tally });
  const placed: PlacedDatasetRecord[] = [];
  for await (const entry of dataset.records()) placed.push(entry);
  return { format: dataset.format, placed, records: placed.map(({ record }) => record), leftOut };
}
