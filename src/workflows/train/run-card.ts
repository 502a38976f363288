/** @file The model card of a finished training: its settings, data and figures, taken from the run and what it was judged to be worth. */
import { resolve } from 'node:path';
import { formatBytes } from '../../base/numbers.ts';
import { parseReference } from '../../checkpoint/sources/model-source.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { describeCalibration } from '../../evaluation/calibration/calibration.ts';
import { rawThreshold } from '../../evaluation/calibration/raw-threshold.ts';
import { type Comparison, withBlend } from '../../evaluation/compare-baselines.ts';
import { concludeComparison, conclusionText } from '../../evaluation/conclusion.ts';
import { formatTable } from '../../evaluation/format.ts';
import { metricRegistry } from '../../evaluation/metrics/registry.ts';
import { pairNotes } from '../../evaluation/pair-words.ts';
import { blockWeightBytes, type OpenModel } from '../../network/open-model.ts';
import type { CardCwe } from '../../report/card-cwe.ts';
import type { CardBase } from '../../report/card-usage.ts';
import { type CardAdapter, formatModelCard } from '../../report/model-card.ts';
import { type AugmentSummary, augmentText } from './augment.ts';
import { joinedWarning } from './joined-text.ts';
import type { JudgedCwe } from './judge-cwe.ts';
import type { EvaluatedSplit, JudgedSplits } from './judge-splits.ts';
import type { TrainingPlan } from './setup.ts';
import { cardHead, cardQuestion, ownClass } from './transformers-class.ts';
import type { CutPart } from './truncation-text.ts';

/** What a card tells of a training. */
export interface CardTraining {
  readonly plan: Pick<TrainingPlan, 'config' | 'model' | 'reading'>;
  readonly train: readonly LabelledRecord[];
  /** Validation first. */
  readonly splits: readonly EvaluatedSplit[];
  /** What was cut of the functions of each file; left out for a run that does not know. */
  readonly cut?: readonly CutPart[];
  /** Copies that were trained on; undefined where there were none. */
  readonly augmented?: AugmentSummary | undefined;
}

/** The README of the run's adapter, in Markdown; figures are those of the last split. */
export function runModelCard(
  { plan: { config, model, reading }, train, splits, cut: parts = [], augmented }: CardTraining,
  { threshold, calibration, alarmBudget, blend: { blend } }: JudgedSplits,
  comparisons: ReadonlyMap<EvaluatedSplit['name'], Comparison>,
  cwe: JudgedCwe | undefined,
): string {
  const [name, comparison] = [...comparisons].at(-1)!;
  const { columns, rows, notes: tableNotes } = formatTable(withBlend(comparison), { withIntervals: true });
  const count = (what: string, records: readonly LabelledRecord[]) => ({
    name: what,
    functions: records.length,
    vulnerable: records.filter(({ target }) => target === 1).length,
  });
  const shown = [
    ...(config.keep_layers === null ? [] : (['keep_layers'] as const)),
    ...shownOfAdapter(config),
    ...(config.top_mlp_layers === 0 ? [] : (['top_mlp_layers'] as const)),
    'max_length',
    'long_functions',
    'drop_identical_pairs',
    ...shownOfTask(config),
    ...(config.augment === null ? [] : (['augment', 'augment_copies'] as const)),
    ...(config.positive_share === null ? [] : (['positive_share'] as const)),
    'packing',
    'functions_per_step',
    ...(reading.asked === undefined ? (['loss'] as const) : []),
    'loss_reduction',
    'learning_rate',
    ...(config.head_learning_rate === null ? [] : (['head_learning_rate'] as const)),
    ...(config.init_adapter === null ? [] : (['init_adapter'] as const)),
    ...(config.head_init === 'random' ? [] : (['head_init'] as const)),
    ...(cwe === undefined ? [] : (['cwe_head', 'cwe_loss_weight'] as const)),
    'lr_scheduler_type',
    'num_train_epochs',
    'weight_decay',
    'seed',
  ] as const;
  const cut = (key: string) => {
    const part = parts.find((one) => one.key === `${key}_file`);
    return part === undefined ? {} : { truncated: part.truncated, identicalPairs: part.identicalPairs };
  };
  const base = cardBase(config, model.path);
  return formatModelCard({
    // A hub's page names repositories, not files of them.
    baseModel: base.kind === 'hub' ? base.name : config.base_model,
    settings: [
      ...shown.map((key): [string, string] => [
        key,
        JSON.stringify(key === 'pooling' ? reading.pooling : config[key]),
      ]),
      ...weightSettings(model),
    ],
    data: [
      { ...count('train', train), ...cut('train') },
      ...splits.map(({ name: split, records }) => ({ ...count(split, records), ...cut(split) })),
    ],
    adapter: cardAdapter(config),
    usage: {
      base,
      maxLength: config.max_length,
      longFunctions: config.long_functions,
      pooling: reading.pooling,
      question: cardQuestion(reading, model),
      head: cardHead(model.spec, config.top_mlp_layers),
      keepLayers: config.keep_layers ?? undefined,
      ownClass: ownClass(model),
      threshold,
      rawThreshold: rawThreshold(calibration, threshold),
      calibration: calibration && describeCalibration(calibration),
      alarmBudget,
      blend,
    },
    evaluatedOn:
      name === 'test' ? 'held-out functions' : 'the validation functions (which chose the checkpoint)',
    columns: columns.map(({ label }) => label),
    rows,
    verdict: conclusionText(concludeComparison(comparison)),
    notes: [
      INTERVALS_NOTE,
      ...tableNotes,
      ...pairNotes(comparison.rows[0]!.result),
      ...[joinedWarning(config) ?? []].flat(),
      ...(augmented === undefined ? [] : [augmentText(augmented)]),
    ],
    ...(cwe === undefined ? {} : { cwe: cardCwe(cwe) }),
    shortfalls: comparison.shortfalls.map(({ sentence }) => sentence),
    metrics: HUB_METRICS.flatMap(([metric, type]) => {
      const value = comparison.rows[0]?.result.metrics[metric];
      return value === undefined ? [] : [{ type, name: metricRegistry[metric].label, value }];
    }),
  });
}

/** Figures of the last split that has functions with one of its classes. */
function cardCwe({ head, evaluations }: JudgedCwe): CardCwe {
  const [split, evaluation] = [...evaluations].at(-1) ?? [];
  return { head, split, evaluation };
}

/** How the weights of the blocks were held; empty for float32. */
function weightSettings(model: OpenModel): [string, string][] {
  const { name, describe } = model.weights.format;
  if (name === 'float32') return [];
  return [['base weights', `${name} (${describe}), ${formatBytes(blockWeightBytes(model))} of blocks`]];
}

function cardAdapter({ finetuning_type, use_dora }: TrainConfig): CardAdapter {
  switch (finetuning_type) {
    case 'lora':
      return use_dora ? { words: 'A DoRA adapter', tag: 'dora' } : { words: 'A LoRA adapter', tag: 'lora' };
    case 'adalora':
      return { words: 'An AdaLoRA adapter', tag: 'adalora' };
    case 'full':
      return { words: 'A fine-tuned model (every weight, in the form of a PEFT adapter)' };
    case 'head':
      return { words: 'A classifier on the frozen model (in the form of a PEFT adapter)' };
  }
}

/** Keys of the configuration that say what is judged by. */
function shownOfTask({ task }: TrainConfig): readonly (keyof TrainConfig)[] {
  switch (task) {
    case 'classify':
      return ['pooling'];
    case 'next_token':
      return ['task', 'label_words', 'loss_on'];
    case 'instruct':
      return ['task', 'prompt'];
  }
}

/** Keys of the configuration that say what was trained, where they say something. */
function shownOfAdapter(config: TrainConfig): readonly (keyof TrainConfig)[] {
  const type = config.finetuning_type;
  if (type === 'full' || type === 'head') return ['finetuning_type'];
  const ranks =
    type === 'adalora' ? (['finetuning_type', 'init_r', 'target_r'] as const) : (['lora_r'] as const);
  const further = [
    ['use_rslora', config.use_rslora],
    ['use_dora', config.use_dora],
    ['rank_pattern', Object.keys(config.rank_pattern).length > 0],
    ['alpha_pattern', Object.keys(config.alpha_pattern).length > 0],
    ['exclude_modules', config.exclude_modules.length > 0],
    ['modules_to_save', config.modules_to_save.length > 0],
    ['bias', config.bias !== 'none'],
  ] as const;
  const set = further.flatMap(([key, isSet]) => (isSet ? [key] : []));
  return [...ranks, 'lora_alpha', 'lora_dropout', 'target_modules', 'lora_layers', ...set];
}

/** The reference as a reader of the card can follow it, from wherever that is. */
function cardBase({ base_model, revision }: TrainConfig, path: string): CardBase {
  const reference = parseReference(base_model);
  switch (reference.kind) {
    case 'hub':
      return { ...reference, revision: revision ?? undefined };
    case 'local':
      return { kind: 'local', path: resolve(path) };
    case 'pypi':
      return {
        kind: 'pypi',
        name: reference.name,
        version: reference.version,
        isGguf: path.endsWith('.gguf'),
      };
  }
}

const INTERVALS_NOTE = 'In brackets: 95% bootstrap intervals';

/** Ours, and what the hub calls it. */
const HUB_METRICS = [
  ['rocAuc', 'roc_auc'],
  ['averagePrecision', 'average_precision'],
  ['f1', 'f1'],
  ['precision', 'precision'],
  ['recall', 'recall'],
  ['accuracy', 'accuracy'],
  ['mcc', 'matthews_correlation'],
] as const;
