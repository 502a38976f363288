/** @file Keys of a training configuration: how functions are read and packed. */
import { z } from '../../schema/zod.ts';
import { count } from './value-kinds.ts';

export const packing = {
  max_length: z
    .union([count(), z.literal('auto')])
    .default(512)
    .describe(
      'Longest function in tokens; longer ones are handled by long_functions. auto: the shortest that leaves 95% of the ' +
        'pairs distinct, at most 2048, tokens_per_batch and what the model reads.',
    ),
  long_functions: z
    .enum(['truncate', 'head_tail', 'drop'])
    .default('truncate')
    .describe(
      'Functions over max_length: keep the first tokens, keep both ends, or leave them out of training.',
    ),
  drop_identical_pairs: z
    .boolean()
    .default(true)
    .describe(
      'Leave a vulnerable function and its fix out of training where both are the same within max_length: two labels for one input.',
    ),
  packing: z
    .enum(['isolated', 'joined', 'none'])
    .default('isolated')
    .describe(
      'isolated: many functions per pass, none sees another; joined: many functions as one text, each sees those before ' +
        'it (decoders; training alone, a function is scored by itself); none: one function per row, padded.',
    ),
  share_prefixes: z
    .boolean()
    .default(true)
    .describe(
      'Compute the common beginnings of functions once: less work, the same steps and the same results to ' +
        'rounding (no effect with packing: none or joined, or an encoder).',
    ),
  tokens_per_batch: count()
    .nullable()
    .default(null)
    .describe(
      'Most tokens in one pass (sets the memory use; joined: the length of the text, which the model must be able to ' +
        'read); null: 1024, or max_length if larger.',
    ),
  max_functions_per_sequence: count()
    .nullable()
    .default(null)
    .describe('Most functions in one packed sequence; null: no limit.'),
  functions_per_step: count()
    .nullable()
    .default(16)
    .describe('Functions whose gradients add up to one optimiser step; null: every pass is a step.'),
};
