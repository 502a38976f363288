/** @file One file of a dataset on the hub: `hub:ORG/NAME/FILE`, fetched once into the hub's own cache. Reads nothing of it. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fetchFromHub } from './hub-model.ts';
import type { ResolveOptions } from './model-source.ts';

const PREFIX = 'hub:';
/** ORG/NAME, a revision where one is wanted, and a file, which becomes a path in the cache. */
const REFERENCE =
  /^hub:(?<name>[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@(?<revision>[\w][\w.-]*))?\/(?<file>\w[\w .+=-]*(?:\/\w[\w .+=-]*)*)$/;

/** Whether a path is a reference to the hub rather than one on this disk. */
export const isHubDataset = (reference: string): boolean => reference.startsWith(PREFIX);

/**
 * The file on this disk.
 * @throws VultuneError `DATASET_REFERENCE` for what is not `hub:ORG/NAME[@REVISION]/FILE`, `DATASET_FILE_MISSING` with the files that are
 * there, and as `resolveModel` for the hub
 */
export async function fetchHubDataset(reference: string, options: ResolveOptions = {}): Promise<string> {
  const { name, revision, file } = REFERENCE.exec(reference)?.groups ?? {};
  if (name === undefined || file === undefined || reference.includes('..')) {
    throw new VultuneError(
      'DATASET_REFERENCE',
      `found ${reference}, expected hub:ORG/NAME/FILE or hub:ORG/NAME@REVISION/FILE`,
      { where: { file: reference }, hint: 'for example hub:org/functions/data/train.parquet' },
    );
  }
  const folder = posix.dirname(file);
  const { path } = await fetchFromHub(
    name,
    { ...options, ...(revision === undefined ? {} : { revision }) },
    {
      type: 'dataset',
      ...(folder === '.' ? {} : { folder }),
      select: (repository, names) => {
        if (names.includes(file)) return [file];
        const there = names.slice(0, 10).join(', ') || 'no file';
        throw new VultuneError('DATASET_FILE_MISSING', `${repository} on the hub has no ${file}`, {
          where: { file: reference },
          hint: `the folder holds ${there}`,
        });
      },
      isWhole: async (snapshot) => existsSync(join(snapshot, file)),
    },
  );
  return join(path, file);
}
