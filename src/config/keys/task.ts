/** @file Keys of a training configuration: what the model learns to say of a function, and how it is asked. */
import { z } from '../../schema/zod.ts';

export const task = {
  task: z
    .enum(['classify', 'next_token'])
    .default('classify')
    .describe(
      'What is learnt: classify (a head of two classes), or next_token (the language model itself says one of two words behind the code).',
    ),
  label_words: z
    .tuple([z.string().min(1).max(100), z.string().min(1).max(100)])
    .nullable()
    .default(null)
    .describe(
      'With task: next_token: the words for [safe, vulnerable], one token of the model each; null: [" NO", " YES"].',
    ),
  loss_on: z
    .enum(['all', 'answer'])
    .nullable()
    .default(null)
    .describe(
      'With task: next_token: which tokens have a loss, those of the code too (all) or the answer and the end of text; null: all.',
    ),
};
