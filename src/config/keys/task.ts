/** @file Keys of a training configuration: what the model learns to say of a function, and how it is asked. */
import { z } from '../../schema/zod.ts';
import { path } from './value-kinds.ts';

const words = () => z.array(z.string().min(1)).min(1);

export const task = {
  task: z
    .enum(['classify', 'next_token', 'instruct'])
    .default('classify')
    .describe(
      'What is learnt: classify (a head of two classes), next_token (the language model itself says one of two words behind the code), or instruct (it answers a prompt in its own chat template).',
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
  prompt: z
    .union([
      path(),
      z
        .strictObject({
          id: z.string().optional(),
          title: z.string().optional(),
          system: z.string().optional(),
          user: z.string().min(1),
          answers: z.strictObject({ yes: words(), no: words() }).optional(),
          source: z.string().optional(),
        })
        .describe('{ system, user, answers }'),
    ])
    .nullable()
    .default(null)
    .describe(
      'With task: instruct: a YAML file { id, system?, user with {code}, answers: { yes: [...], no: [...] } } or the same inline; the first word of each is learnt; null: a question to be answered yes or no.',
    ),
  chat_template: path()
    .nullable()
    .default(null)
    .describe(
      "With task: instruct: a Jinja file, or its text, instead of the model's own chat template; null: the model's.",
    ),
  positive_share: z
    .number()
    .gt(0)
    .lt(1)
    .nullable()
    .default(null)
    .describe(
      'Share of vulnerable functions among those trained on: of the label with too many, some are drawn; null: as the data is.',
    ),
};
