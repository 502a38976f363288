/** @file The dataset files of a folder, in an order that does not depend on the system. Reads none of them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../../base/files.ts';

const DATASET_NAME = /\.(?:jsonl|ndjson|json|csv|tsv|parquet|h5|hdf5|db|sqlite|sqlite3|gz|tgz|tar)$/i;
/** A built dataset's description of itself. */
const NOT_DATA = new Set(['dataset.json', 'dataset_infos.json', 'dataset_dict.json', 'package.json']);
const DEEPEST = 5;

/** Paths below `folder`, relative to it, with `/`. Links to folders and hidden names are passed over. */
export function folderFiles(folder: string): readonly string[] {
  return walk(folder, '', 0).sort((a, b) => (a < b ? -1 : 1));
}

function walk(root: string, below: string, depth: number): string[] {
  if (depth > DEEPEST) return [];
  try {
    return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith('.')) return [];
      if (entry.isDirectory()) return walk(root, path, depth + 1);
      const isData = DATASET_NAME.test(entry.name) && !NOT_DATA.has(entry.name);
      return isData ? [path] : [];
    });
  } catch (error) {
    throw fileError(error, join(root, below), 'read');
  }
}
