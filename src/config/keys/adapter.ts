/** @file Keys of a training configuration: what is trained beside the head, LoRA and its kin. */
import { z } from '../../schema/zod.ts';
import { count, path, positive, share } from './value-kinds.ts';

/** `last 8` and `last:8`, as people write it on a command line; the map is what it means. */
const lastLayers = z
  .string()
  .regex(/^last\s*[ :]\s*[1-9]\d*$/)
  .describe('"last K"')
  .transform((text) => ({ last: Number(/\d+$/.exec(text)![0]) }));

/** Ends of module names, as PEFT takes them. */
const moduleNames = () => z.array(z.string().min(1)).max(4096);
const byName = (value: z.ZodNumber) => z.record(z.string().min(1), value);
const momentum = () => z.number().gt(0).lt(1);

export const adapter = {
  finetuning_type: z
    .enum(['lora', 'adalora', 'full', 'head'])
    .default('lora')
    .describe(
      'What is trained beside the head: LoRA matrices, AdaLoRA (ranks move to the matrices that need them), every weight of the model, or nothing.',
    ),
  init_adapter: path()
    .nullable()
    .default(null)
    .describe(
      'Double fine-tuning: a finished run, or an adapter folder, whose adapter and head this training starts from, with the same base_model, task, rank and modules; null: random first values.',
    ),
  lora_r: count().default(8).describe('Rank of the LoRA matrices.'),
  lora_alpha: positive()
    .default(32)
    .describe('LoRA scale: the adapter output is multiplied by lora_alpha / lora_r.'),
  lora_dropout: share()
    .default(0.05)
    .describe(
      "Probability that an input of a LoRA matrix is dropped; drawn from seed, step and a function's tokens, so functions of a step drop alike what they begin with alike.",
    ),
  target_modules: z
    .union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)])
    .default('all-linear')
    .describe('Linear layers to adapt: all-linear, or a list of names such as [q_proj, v_proj].'),
  lora_layers: z
    .union([
      z.literal('all'),
      lastLayers,
      z.strictObject({ last: count() }).describe('{ last: K }'),
      z.array(z.int().min(0)).min(1).describe('a list of indices from 0'),
    ])
    .prefault('all')
    .describe('Blocks to adapt: all, "last 8", or a list of indices from 0.'),
  use_rslora: z
    .boolean()
    .default(false)
    .describe('Rank-stabilised LoRA: scale by lora_alpha / sqrt(lora_r) instead.'),
  use_dora: z
    .boolean()
    .default(false)
    .describe('DoRA: the length of each row of an adapted matrix is trained apart from its direction.'),
  rank_pattern: byName(count())
    .default({})
    .describe('Ranks of single matrices instead of lora_r, by the end of their names, as { q_proj: 16 }.'),
  alpha_pattern: byName(positive()).default({}).describe('The same for lora_alpha.'),
  exclude_modules: moduleNames()
    .default([])
    .describe('Linear layers that target_modules names and that are not adapted.'),
  modules_to_save: moduleNames()
    .default([])
    .describe(
      'Modules of the base model that are trained whole and saved with the adapter, by the end of their names; the head always is.',
    ),
  bias: z
    .enum(['none', 'all', 'lora_only'])
    .default('none')
    .describe('Biases of the base model that are trained too: none, all, or those of the adapted matrices.'),
  init_r: count().default(12).describe('AdaLoRA: rank of every matrix at the beginning.'),
  target_r: count().default(8).describe('AdaLoRA: mean rank of the matrices at the end.'),
  tinit: z.int().min(0).default(0).describe('AdaLoRA: optimiser steps before ranks are taken away.'),
  tfinal: z
    .int()
    .min(0)
    .default(0)
    .describe('AdaLoRA: optimiser steps at the end in which ranks stay as they are.'),
  deltaT: count()
    .default(1)
    .describe('AdaLoRA: optimiser steps between two times that ranks are taken away.'),
  beta1: momentum().default(0.85).describe('AdaLoRA: decay of the mean of the importance of a weight.'),
  beta2: momentum().default(0.85).describe('AdaLoRA: decay of the mean of its uncertainty.'),
  orth_reg_weight: z
    .number()
    .min(0)
    .default(0.5)
    .describe('AdaLoRA: factor on the penalty that holds both sides of an update to be orthogonal.'),
};
