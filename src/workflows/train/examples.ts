/** @file Records -> what the network reads of them: examples to train on, token ids to evaluate on. */
import { VultuneError } from '../../base/errors.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { encodeFunctions } from '../../network/encode-functions.ts';
import type { Label } from '../../objectives/classification.ts';
import type { Example } from '../../objectives/objective.ts';
import { keepAll } from '../../packing/fit-length.ts';
import type { TrainingPlan } from './setup.ts';

/**
 * Functions to train on; those that `long_functions: drop` drops are left out.
 * Throws DATASET_EMPTY when none is left, DATASET_ONE_CLASS when those of one label are.
 */
export function trainingExamples(
  { config, model, pooling, task }: Pick<TrainingPlan, 'config' | 'model' | 'pooling' | 'task'>,
  records: readonly LabelledRecord[],
): Example<Label>[] {
  const encoded = encodeFunctions(
    model,
    records.map(({ code }) => code),
    { maxLength: config.max_length, longFunctions: config.long_functions, pooling },
  );
  const examples = records.flatMap((record, i): Example<Label>[] => {
    const ids = encoded[i]?.ids;
    if (ids === undefined) return [];
    const set = record.set === undefined ? 1 : config.set_weights[record.set];
    return [{ ids, target: task.target(record), weight: set * config.class_weights[record.target] }];
  });
  if (examples.length === 0) {
    throw new VultuneError('DATASET_EMPTY', `all ${records.length} functions are longer than max_length`, {
      where: { file: config.train_file, name: 'long_functions' },
      hint: 'Raise max_length, or use long_functions: truncate.',
    });
  }
  const labels = new Set(examples.filter(({ weight }) => weight > 0).map(({ target }) => target));
  if (labels.size < 2) {
    const dropped = records.length - examples.length;
    throw new VultuneError(
      'DATASET_ONE_CLASS',
      `the functions that are trained on have one label alone: ${dropped} of ${records.length} are longer than max_length and dropped`,
      {
        where: { file: config.train_file, name: 'long_functions' },
        hint: 'Raise max_length, or use long_functions: truncate.',
      },
    );
  }
  return examples;
}

/** Functions to evaluate on: none is left out, or figures of different settings would be of different data. */
export function evaluationIds(
  { config, model, pooling }: Pick<TrainingPlan, 'config' | 'model' | 'pooling'>,
  records: readonly LabelledRecord[],
): (readonly number[])[] {
  return encodeFunctions(
    model,
    records.map(({ code }) => code),
    {
      maxLength: config.max_length,
      longFunctions: keepAll(config.long_functions),
      pooling,
    },
  ).map((one) => one!.ids);
}
