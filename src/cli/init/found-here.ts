/** @file What a new configuration can name because it is already in the folder: the newest run, a dataset. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The run of `runs/` that has an adapter and began last, as a path from the folder. */
export function newestRun(folder: string): string | undefined {
  return foldersOf(folder, 'runs')
    .filter((run) => existsSync(join(folder, run, 'adapter', 'adapter_config.json')))
    .map((run) => ({ run, begunMs: modifiedMs(join(folder, run, 'run.json')) }))
    .filter(({ begunMs }) => begunMs !== undefined)
    .toSorted((a, b) => b.begunMs! - a.begunMs!)[0]?.run;
}

export interface DatasetFiles {
  readonly train_file: string;
  readonly valid_file: string;
  readonly test_file: string;
}

const PARTS = ['train', 'valid', 'test'] as const;

/** The three files of a dataset as `vultune data build` and `split` write it; the first by name where there are several. */
export function datasetHere(folder: string): DatasetFiles | undefined {
  const places = ['data', ...foldersOf(folder, 'data'), ...foldersOf(folder, 'datasets')];
  const place = places.find((one) => PARTS.every((part) => existsSync(join(folder, one, `${part}.jsonl`))));
  return place === undefined ? undefined : datasetIn(place);
}

export const datasetIn = (place: string): DatasetFiles => ({
  train_file: `${place}/train.jsonl`,
  valid_file: `${place}/valid.jsonl`,
  test_file: `${place}/test.jsonl`,
});

function foldersOf(folder: string, name: string): readonly string[] {
  const path = join(folder, name);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${name}/${entry.name}`)
    .toSorted();
}

const modifiedMs = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
