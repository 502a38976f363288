/** @file Keys of a training configuration: evaluation and checkpoints. */
import { z } from '../../schema/zod.ts';
import { count } from './value-kinds.ts';

export const evaluation = {
  eval_strategy: z
    .enum(['epoch', 'steps', 'no'])
    .default('epoch')
    .describe('When to evaluate on valid_file: after every epoch, every eval_steps, or only at the end.'),
  eval_steps: count()
    .nullable()
    .default(null)
    .describe('Optimiser steps between evaluations with eval_strategy: steps.'),
  eval_on_start: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'Evaluate before the first step too, so that the model as it starts can be the best checkpoint; null: with head_init: probe.',
    ),
  save_steps: count()
    .nullable()
    .default(null)
    .describe(
      'Optimiser steps between checkpoints; null: every three minutes, and after every epoch and evaluation.',
    ),
  metric_for_best_model: z
    .enum([
      'roc_auc',
      'average_precision',
      'f1',
      'oracle_f1',
      'accuracy',
      'balanced_accuracy',
      'mcc',
      'brier',
      'log_loss',
    ])
    .default('roc_auc')
    .describe('Validation metric that chooses the best checkpoint.'),
  early_stopping_patience: count()
    .nullable()
    .default(null)
    .describe('Stop after this many evaluations without a better metric_for_best_model; null: never.'),
};
