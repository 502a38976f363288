/**
 * @file Every key of a training configuration, by topic: the keys themselves, with type, default and one sentence of what each does, are in keys/.
 * The single source of the validation, the JSON Schema, `config keys` and the help.
 */
import { z } from '../schema/zod.ts';
import { adapter } from './keys/adapter.ts';
import { baseWeights } from './keys/base-weights.ts';
import { classifier } from './keys/classifier.ts';
import { engine } from './keys/engine.ts';
import { evaluation } from './keys/evaluation.ts';
import { modelAndData } from './keys/model-and-data.ts';
import { packing } from './keys/packing.ts';
import { optimiser, schedule } from './keys/schedule.ts';
import { task } from './keys/task.ts';

/** The keys in the order they are printed, by topic. */
export const KEY_GROUPS = {
  'Model and data': modelAndData,
  'Weights of the base model': baseWeights,
  'What is trained': adapter,
  Task: task,
  'Classifier and loss': classifier,
  Schedule: schedule,
  'Optimiser (AdamW)': optimiser,
  Packing: packing,
  'Evaluation and checkpoints': evaluation,
  Engine: engine,
} as const;

export const trainSchema = z.strictObject({
  ...modelAndData,
  ...baseWeights,
  ...adapter,
  ...task,
  ...classifier,
  ...schedule,
  ...optimiser,
  ...packing,
  ...evaluation,
  ...engine,
});
