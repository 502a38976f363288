/** @file Keys of a training configuration: the base model and the functions. */
import { z } from '../../schema/zod.ts';
import { REWRITE_KINDS } from '../../source/rewrites/rewrite-kinds.ts';
import { count, path } from './value-kinds.ts';

const column = () => z.string().min(1).optional();

export const modelAndData = {
  base_model: path().describe(
    'The model to fine-tune: a model hub id, ORG/NAME:FILE.gguf on the hub, pypi:NAME==VERSION, a folder, or a GGUF file; a relative path starts at the current folder, else at that of the YAML file, and is stored as an absolute one.',
  ),
  revision: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Branch, tag or commit of base_model on its hub; null: the main branch.'),
  keep_layers: count()
    .nullable()
    .default(null)
    .describe(
      'Use only the first K blocks of base_model: those above are neither loaded nor computed; null: all.',
    ),
  train_file: path().describe(
    'Functions with labels to train on: JSON lines, JSON, CSV, TSV, Parquet or a published set, or hub:ORG/NAME/FILE.',
  ),
  valid_file: path().describe('The same: functions that choose the checkpoint and the threshold.'),
  test_file: path()
    .nullable()
    .default(null)
    .describe('The same: functions to evaluate on after training; null: no final evaluation.'),
  fields: z
    .strictObject({
      code: column(),
      target: column(),
      id: column(),
      set: column(),
      pair: column(),
      language: column(),
      project: column(),
      path: column(),
      function_name: column(),
      commit: column(),
      date: column(),
      cve: column(),
      cwe: column(),
    })
    .nullable()
    .default(null)
    .describe(
      'Columns of a table without `code` and `target`, as { code: func, target: vul }; null: guessed by name, and said.',
    ),
  augment: z
    .array(z.enum(REWRITE_KINDS))
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Train also on copies of the training functions that are written differently and do the same: rename (local names), ' +
        'comments, dead_code, reorder (declarations); null: none.',
    ),
  augment_copies: count()
    .max(16)
    .default(1)
    .describe('Copies of every training function that augment makes, each written in its own way.'),
  output_dir: path().describe('The run folder to create; must not exist, or be empty.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(42)
    .describe('Fixes the initial weights, the order of the data and dropout: same seed, same run.'),
};
