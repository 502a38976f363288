/** @file Keys of a training configuration: steps, epochs, learning rates and the optimiser. */
import { z } from '../../schema/zod.ts';
import { count, positive, share } from './value-kinds.ts';

export const schedule = {
  num_train_epochs: count().default(3).describe('How many times to go through the training data.'),
  curriculum: z
    .enum(['none', 'length', 'loss', 'p3_first'])
    .default('none')
    .describe(
      'Order of the first epoch: none (random); length (shortest first) or loss (least loss of the model at the start first), ' +
        'each drawn from a share of the easiest left that grows until it is all; p3_first (unrelated functions, then the others).',
    ),
  active_sampling: count()
    .nullable()
    .default(null)
    .describe(
      'Every so many steps, score unrelated functions (P3) with the model as it is and train the next steps on the ones with the ' +
        'highest probability of being vulnerable, as many in a step as without it; fewer than the steps of the training; null: never.',
    ),
  max_steps: count()
    .nullable()
    .default(null)
    .describe('Stop after this many optimiser steps, regardless of num_train_epochs; null: no limit.'),
  learning_rate: positive().default(1e-4).describe('Peak learning rate.'),
  head_learning_rate: positive()
    .nullable()
    .default(null)
    .describe('Peak learning rate of the head alone; null: learning_rate.'),
  lr_scheduler_type: z
    .enum(['cosine', 'linear', 'constant'])
    .default('cosine')
    .describe('How the learning rate falls after the warm-up.'),
  warmup_ratio: share()
    .nullable()
    .default(null)
    .describe('Share of all steps spent warming up; null: 0.03, or 0 where warmup_steps is set.'),
  warmup_steps: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('Warm-up in steps, instead of warmup_ratio.'),
};

export const optimiser = {
  weight_decay: z.number().min(0).default(0.01).describe('Decoupled weight decay of AdamW.'),
  adam_beta1: share().default(0.9).describe('Decay of the mean of the gradients in AdamW.'),
  adam_beta2: share().default(0.999).describe('Decay of the mean of the squared gradients in AdamW.'),
  adam_epsilon: positive().default(1e-8).describe('Added to the denominator in AdamW.'),
  max_grad_norm: positive()
    .nullable()
    .default(1)
    .describe('Clip the norm of all gradients to this; null: no clipping.'),
};
