/**
 * @file Checks everything that a training run reads, before a model is loaded or a folder made: the data files
 * line by line, and that the run folder is free.
 */
import { existsSync, statSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { readLabelledDataset } from '../../dataset/formats/read-dataset.ts';
import { requireBothClasses } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { checkRunFolderFree } from '../../runs/run-folder.ts';
import type { WorkflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { readingNotes } from '../reading-notes.ts';

export interface CheckedFile {
  readonly key: 'train_file' | 'valid_file' | 'test_file';
  readonly path: string;
  readonly records: readonly LabelledRecord[];
  /** Record field → column, where the file is a table of unknown make. */
  readonly columns?: Columns | undefined;
  /** How the file was understood, a phrase each. */
  readonly notes?: readonly string[];
}

export type TrainInputs = Pick<
  TrainConfig,
  'train_file' | 'valid_file' | 'test_file' | 'fields' | 'output_dir' | 'class_weights' | 'set_weights'
>;

/** @throws VultuneError `RUN_EXISTS`, `CONFIG_WEIGHTS`, and the dataset readers' errors; the first that is met. */
export async function checkTrainInputs(
  config: TrainInputs,
  context: Partial<WorkflowContext> = {},
): Promise<readonly CheckedFile[]> {
  checkRunFolderFree(config.output_dir);
  const files: CheckedFile[] = [];
  for (const key of ['train_file', 'valid_file', 'test_file'] as const) {
    const reference = config[key];
    if (reference === null) continue;
    const path = await openDataFile(reference, context);
    requireFile(path, key);
    const read = await readLabelledDataset(
      path,
      config.fields === null ? {} : { fields: givenColumns(config.fields) },
    );
    const { records, columns } = read;
    requireBothClasses(records, path);
    if (key === 'train_file') requireBothWeights(config, records);
    files.push({ key, path, records, columns, notes: readingNotes(read) });
  }
  return files;
}

export const givenColumns = (fields: NonNullable<TrainConfig['fields']>): Columns =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([field, column]) => (column === undefined ? [] : [[field, column]])),
  );

/** A resumed run must read the same bytes, and a folder has no fingerprint. */
function requireFile(path: string, key: string): void {
  if (!existsSync(path) || statSync(path).isFile()) return;
  const what = statSync(path).isDirectory() ? 'a folder' : 'not a regular file';
  throw new VultuneError('DATASET_NOT_A_FILE', `${path} is ${what}, expected one file`, {
    where: { file: path, name: key },
    hint: `name one file of it, or make one: vultune data convert ${path} --out ${key.replace('_file', '')}.jsonl`,
  });
}

/** A class whose functions all have the weight 0 is not learnt from, which is a training on one class. */
function requireBothWeights(
  { train_file, class_weights, set_weights }: TrainInputs,
  records: readonly LabelledRecord[],
): void {
  const weightOf = ({ target, set }: LabelledRecord) =>
    class_weights[target] * (set === undefined ? 1 : set_weights[set]);
  for (const target of [1, 0] as const) {
    if (records.some((record) => record.target === target && weightOf(record) > 0)) continue;
    const what = target === 1 ? 'vulnerable' : 'other';
    throw new VultuneError(
      'CONFIG_WEIGHTS',
      `every ${what} function of ${train_file} has the weight 0, expected some of both classes above 0`,
      {
        where: { file: train_file, name: 'set_weights' },
        hint: `Raise the weight of the sets that the ${what} functions are in, or leave set_weights and class_weights out.`,
      },
    );
  }
}
