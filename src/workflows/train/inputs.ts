/**
 * @file Checks everything that a training run reads, before a model is loaded or a folder made: the data files
 * line by line, and that the run folder is free.
 */
import { VultuneError } from '../../base/errors.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { readLabelledRecords, requireBothClasses } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { checkRunFolderFree } from '../../runs/run-folder.ts';

export interface CheckedFile {
  readonly key: 'train_file' | 'valid_file' | 'test_file';
  readonly path: string;
  readonly records: readonly LabelledRecord[];
}

export type TrainInputs = Pick<
  TrainConfig,
  'train_file' | 'valid_file' | 'test_file' | 'output_dir' | 'class_weights' | 'set_weights'
>;

/** @throws VultuneError `RUN_EXISTS`, `CONFIG_WEIGHTS`, and the dataset readers' errors; the first that is met. */
export async function checkTrainInputs(config: TrainInputs): Promise<readonly CheckedFile[]> {
  checkRunFolderFree(config.output_dir);
  const files: CheckedFile[] = [];
  for (const key of ['train_file', 'valid_file', 'test_file'] as const) {
    const path = config[key];
    if (path === null) continue;
    const records = await readLabelledRecords(path);
    requireBothClasses(records, path);
    if (key === 'train_file') requireBothWeights(config, records);
    files.push({ key, path, records });
  }
  return files;
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
