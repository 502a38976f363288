/** @file What no single key can see: combinations that contradict each other. One rule, one entry. */
import { resolve } from 'node:path';
import type { UnresolvedConfig } from './train-config.ts';

export interface Conflict {
  /** The key to point at. */
  readonly key: keyof UnresolvedConfig;
  readonly message: string;
  readonly hint?: string;
}

type Rule = (config: UnresolvedConfig) => Conflict | undefined;

const sameFile = (a: string | null, b: string | null) =>
  a !== null && b !== null && resolve(a) === resolve(b);

const RULES: readonly Rule[] = [
  (config) =>
    config.warmup_steps !== null && config.warmup_ratio > 0
      ? {
          key: 'warmup_steps',
          message: `warmup_steps is ${config.warmup_steps} and warmup_ratio is ${config.warmup_ratio}, but only one may be set`,
          hint: 'remove one of them',
        }
      : undefined,
  (config) =>
    config.max_length !== 'auto' &&
    config.tokens_per_batch !== null &&
    config.tokens_per_batch < config.max_length
      ? {
          key: 'tokens_per_batch',
          message: `tokens_per_batch is ${config.tokens_per_batch}, but one function may have max_length = ${config.max_length} tokens`,
          hint: `raise tokens_per_batch to ${config.max_length} or more, or lower max_length`,
        }
      : undefined,
  (config) =>
    config.max_length !== 'auto' &&
    config.pair_loss_weight > 0 &&
    config.tokens_per_batch !== null &&
    config.tokens_per_batch >= config.max_length &&
    config.tokens_per_batch < 2 * config.max_length
      ? {
          key: 'pair_loss_weight',
          message: `pair_loss_weight is ${config.pair_loss_weight}, but a pass of tokens_per_batch = ${config.tokens_per_batch} has no room for two functions of max_length = ${config.max_length} tokens`,
          hint: `raise tokens_per_batch to ${2 * config.max_length} or more, or lower max_length`,
        }
      : undefined,
  (config) => {
    if (config.pair_loss_weight === 0) return undefined;
    const one = (['functions_per_step', 'max_functions_per_sequence'] as const).find(
      (name) => config[name] === 1,
    );
    return one === undefined
      ? undefined
      : {
          key: 'pair_loss_weight',
          message: `pair_loss_weight is ${config.pair_loss_weight}, but ${one} is 1 and a pair is two functions`,
          hint: `raise ${one}, or remove pair_loss_weight`,
        };
  },
  (config) =>
    config.pair_loss_weight > 0 && config.packing === 'joined'
      ? {
          key: 'pair_loss_weight',
          message: `pair_loss_weight is ${config.pair_loss_weight}, but with packing: joined a fix would see its vulnerable function`,
          hint: 'use packing: isolated, or remove pair_loss_weight',
        }
      : undefined,
  (config) =>
    config.packing === 'none' && (config.max_functions_per_sequence ?? 1) > 1
      ? {
          key: 'max_functions_per_sequence',
          message: `max_functions_per_sequence is ${config.max_functions_per_sequence}, but packing: none puts one function in a row`,
          hint: 'use packing: isolated, or remove max_functions_per_sequence',
        }
      : undefined,
  (config) =>
    config.packing === 'joined' && config.max_functions_per_sequence === 1
      ? {
          key: 'max_functions_per_sequence',
          message:
            'max_functions_per_sequence is 1, but packing: joined is for several functions in a sequence',
          hint: 'use packing: isolated, which is the same for one function, or raise max_functions_per_sequence',
        }
      : undefined,
  (config) =>
    config.augment === null && config.augment_copies > 1
      ? {
          key: 'augment_copies',
          message: `augment_copies is ${config.augment_copies}, but augment does not say how copies are written`,
          hint: 'set augment: [rename, comments, dead_code, reorder], or remove augment_copies',
        }
      : undefined,
  (config) =>
    config.eval_strategy === 'steps' && config.eval_steps === null
      ? {
          key: 'eval_strategy',
          message: 'eval_strategy is steps, but eval_steps is not set',
          hint: 'set eval_steps, or eval_strategy: epoch',
        }
      : undefined,
  (config) =>
    config.eval_strategy !== 'steps' && config.eval_steps !== null
      ? {
          key: 'eval_steps',
          message: `eval_steps is ${config.eval_steps}, but eval_strategy is ${config.eval_strategy}`,
          hint: 'set eval_strategy: steps, or remove eval_steps',
        }
      : undefined,
  (config) =>
    config.eval_strategy === 'no' && config.eval_on_start === true
      ? {
          key: 'eval_on_start',
          message:
            'eval_on_start is set, but eval_strategy: no evaluates no later step: the model as it starts would be the best checkpoint',
          hint: 'set eval_strategy: epoch, or remove eval_on_start',
        }
      : undefined,
  (config) =>
    config.eval_strategy === 'no' && config.early_stopping_patience !== null
      ? {
          key: 'early_stopping_patience',
          message: 'early_stopping_patience is set, but eval_strategy: no evaluates only at the end',
          hint: 'set eval_strategy: epoch, or remove early_stopping_patience',
        }
      : undefined,
  (config) =>
    config.cut === 'graph' && config.blocks_per_graph > 1
      ? {
          key: 'blocks_per_graph',
          message: `blocks_per_graph is ${config.blocks_per_graph}, but cut: graph puts all blocks in one graph`,
          hint: 'set cut: block, or remove blocks_per_graph',
        }
      : undefined,
  (config) =>
    Array.isArray(config.lora_layers) && new Set(config.lora_layers).size < config.lora_layers.length
      ? { key: 'lora_layers', message: `lora_layers names a block twice: [${config.lora_layers.join(', ')}]` }
      : undefined,
  (config) =>
    config.finetuning_type === 'adalora' && config.target_r > config.init_r
      ? {
          key: 'target_r',
          message: `target_r is ${config.target_r} and init_r is ${config.init_r}, but AdaLoRA only takes ranks away`,
          hint: 'lower target_r, or raise init_r',
        }
      : undefined,
  (config) =>
    config.init_adapter !== null && config.head_init === 'probe'
      ? {
          key: 'init_adapter',
          message: "init_adapter is set and head_init is probe, but the head starts as the adapter's own",
          hint: 'remove one of them',
        }
      : undefined,
  (config) =>
    config.task === 'classify' &&
    config.curriculum === 'loss' &&
    config.init_adapter === null &&
    config.head_init !== 'probe'
      ? {
          key: 'curriculum',
          message: 'curriculum is loss, but the head starts from random numbers, whose losses say nothing',
          hint: 'set init_adapter to a finished run, or head_init: probe',
        }
      : undefined,
  (config) =>
    config.active_sampling !== null && config.functions_per_step === null
      ? {
          key: 'active_sampling',
          message: `active_sampling is ${config.active_sampling}, but with functions_per_step: null the lengths of functions decide which make a step`,
          hint: 'set functions_per_step, or remove active_sampling',
        }
      : undefined,
  (config) =>
    config.active_sampling !== null && config.max_steps !== null && config.active_sampling >= config.max_steps
      ? {
          key: 'active_sampling',
          message: `active_sampling is ${config.active_sampling}, but max_steps is ${config.max_steps}: no function would ever be chosen`,
          hint: `lower active_sampling below ${config.max_steps}, or raise max_steps`,
        }
      : undefined,
  onlyWithClassifier('active_sampling', (config) => config.active_sampling !== null),
  onlyWithClassifier('curriculum', (config) => config.curriculum === 'loss'),
  onlyWith('lora', 'use_dora', (config) => config.use_dora),
  onlyWith('lora', 'use_rslora', (config) => config.use_rslora),
  onlyWith('lora', 'rank_pattern', (config) => Object.keys(config.rank_pattern).length > 0),
  onlyWith('lora', 'alpha_pattern', (config) => Object.keys(config.alpha_pattern).length > 0),
  (config) =>
    (config.finetuning_type === 'full' || config.finetuning_type === 'head') &&
    (config.modules_to_save.length > 0 || config.exclude_modules.length > 0 || config.bias !== 'none')
      ? {
          key: 'finetuning_type',
          message: `finetuning_type is ${config.finetuning_type}, which leaves no choice to modules_to_save, exclude_modules and bias`,
          hint: 'remove them, or use finetuning_type: lora',
        }
      : undefined,
  ({ class_weights: [safe, vulnerable] }) =>
    safe === 0 || vulnerable === 0
      ? {
          key: 'class_weights',
          message: `class_weights is [${safe}, ${vulnerable}]: with a weight of 0 only one class is learnt from`,
        }
      : undefined,
  ({ set_weights: { P1, P2, P3 } }) =>
    P1 + P2 + P3 === 0
      ? { key: 'set_weights', message: 'set_weights are all 0: nothing would be learnt from' }
      : undefined,
  (config) =>
    config.load_in_8bit && config.load_in_4bit
      ? {
          key: 'load_in_4bit',
          message: 'load_in_8bit and load_in_4bit are both set, but weights are held in one format',
          hint: 'remove one of them',
        }
      : undefined,
  (config) =>
    config.weights === 'as_stored' && (config.load_in_8bit || config.load_in_4bit)
      ? {
          key: 'weights',
          message: `weights is as_stored and ${config.load_in_8bit ? 'load_in_8bit' : 'load_in_4bit'} is set, but weights are held in one format`,
          hint: 'remove one of them',
        }
      : undefined,
  (config) =>
    config.device !== 'cpu' && (config.load_in_8bit || config.load_in_4bit)
      ? {
          key: config.load_in_8bit ? 'load_in_8bit' : 'load_in_4bit',
          message: `${config.load_in_8bit ? 'load_in_8bit' : 'load_in_4bit'} is set, but device: ${config.device} computes with float32 weights alone`,
          hint: 'use device: cpu, or remove it',
        }
      : undefined,
  (config) =>
    config.finetuning_type === 'full' &&
    (config.load_in_8bit || config.load_in_4bit || config.weights === 'as_stored')
      ? {
          key: 'finetuning_type',
          message: `finetuning_type is full, but ${config.load_in_8bit ? 'load_in_8bit' : config.load_in_4bit ? 'load_in_4bit' : 'weights: as_stored'} holds weights in a form that cannot be trained`,
          hint: 'remove it, or use finetuning_type: lora',
        }
      : undefined,
  onlyWithTask('next_token', 'label_words', (config) => config.label_words !== null),
  onlyWithTask('next_token', 'loss_on', (config) => config.loss_on !== null),
  onlyWithTask('instruct', 'prompt', (config) => config.prompt !== null),
  onlyWithTask('instruct', 'chat_template', (config) => config.chat_template !== null),
  onlyWithClassifier('pooling', (config) => config.pooling !== null),
  onlyWithClassifier('top_mlp_layers', (config) => config.top_mlp_layers > 0),
  onlyWithClassifier('head_init', (config) => config.head_init !== 'random'),
  onlyWithClassifier('head_learning_rate', (config) => config.head_learning_rate !== null),
  onlyWithClassifier('cwe_head', (config) => config.cwe_head),
  onlyWithClassifier('pair_loss_weight', (config) => config.pair_loss_weight > 0),
  onlyWithClassifier('loss', (config) => config.loss !== 'cross_entropy'),
  (config) =>
    config.task !== 'classify' && (config.finetuning_type === 'full' || config.finetuning_type === 'head')
      ? {
          key: 'finetuning_type',
          message: `finetuning_type is ${config.finetuning_type}, but task: ${config.task} trains adapters of the blocks under the model's own frozen head`,
          hint: 'use finetuning_type: lora or adalora, or task: classify',
        }
      : undefined,
  (config) => leak(config, 'valid_file', 'train_file'),
  (config) => leak(config, 'test_file', 'train_file'),
  (config) => leak(config, 'test_file', 'valid_file'),
];

/** For keys that other ways of fine-tuning do not read, though one might think so. */
function onlyWith(
  type: UnresolvedConfig['finetuning_type'],
  key: keyof UnresolvedConfig,
  isSet: (config: UnresolvedConfig) => boolean,
): Rule {
  return (config) =>
    isSet(config) && config.finetuning_type !== type
      ? {
          key,
          message: `${key} is set, but finetuning_type is ${config.finetuning_type}`,
          hint: `use finetuning_type: ${type}, or remove ${key}`,
        }
      : undefined;
}

/** For keys of another task. */
function onlyWithTask(
  task: UnresolvedConfig['task'],
  key: keyof UnresolvedConfig,
  isSet: (config: UnresolvedConfig) => boolean,
): Rule {
  return (config) =>
    isSet(config) && config.task !== task
      ? {
          key,
          message: `${key} is set, but task is ${config.task}`,
          hint: `use task: ${task}, or remove ${key}`,
        }
      : undefined;
}

/** For keys of a head that only a classifier has. */
function onlyWithClassifier(key: keyof UnresolvedConfig, isSet: (config: UnresolvedConfig) => boolean): Rule {
  return onlyWithTask('classify', key, isSet);
}

function leak(config: UnresolvedConfig, key: 'valid_file' | 'test_file', other: 'train_file' | 'valid_file') {
  if (!sameFile(config[key], config[other])) return undefined;
  return {
    key,
    message: `${key} and ${other} are the same file, ${config[key]}`,
    hint: 'a score on functions the model was trained or chosen on says nothing: split the data',
  };
}

/** All conflicts of a configuration whose keys are each valid. */
export function findConflicts(config: UnresolvedConfig): readonly Conflict[] {
  return RULES.flatMap((rule) => rule(config) ?? []);
}
