/** @file What a finished training leaves: adapter with threshold and model card, predictions, metrics.json, its page. */
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import { readAdapterHeader, writeAdapter } from '../../adapters/files/adapter-files.ts';
import { withoutCweHead, writeCweHead } from '../../adapters/files/cwe-head-files.ts';
import type { LoraOptions } from '../../adapters/lora-plan.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { formatBytes } from '../../base/numbers.ts';
import { parseReference } from '../../checkpoint/sources/model-source.ts';
import { copyTokenizer } from '../../checkpoint/tokenizer-files.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { BLEND_FILE } from '../../evaluation/blend/blend-file.ts';
import { describeCalibration } from '../../evaluation/calibration/calibration.ts';
import { rawThreshold } from '../../evaluation/calibration/raw-threshold.ts';
import { type Comparison, withBlend } from '../../evaluation/compare-baselines.ts';
import { concludeComparison, conclusionText } from '../../evaluation/conclusion.ts';
import { formatFingerprints } from '../../evaluation/contamination.ts';
import { formatTable } from '../../evaluation/format.ts';
import { measuredRanking } from '../../evaluation/measured-ranking.ts';
import { metricRegistry } from '../../evaluation/metrics/registry.ts';
import { pairNotes } from '../../evaluation/pair-words.ts';
import { blockWeightBytes, type OpenModel } from '../../network/open-model.ts';
import type { CardCwe } from '../../report/card-cwe.ts';
import type { CardBase } from '../../report/card-usage.ts';
import { type CardAdapter, formatModelCard } from '../../report/model-card.ts';
import { markFinished, type WritableRun } from '../../runs/run-folder.ts';
import { removeOlderCheckpoints } from '../../training/checkpoints.ts';
import { FACTORS_FILE, writeFactors } from '../../weights/factors-file.ts';
import { comparisonJson } from '../evaluate/comparison-json.ts';
import { cweJson } from '../evaluate/cwe-json.ts';
import { FINGERPRINTS_FILE } from '../evaluate/evaluation-files.ts';
import { recordScoredBy } from '../evaluate/own-predictions.ts';
import { writeRunReport } from '../report/run-page.ts';
import { trainedSettings } from './adapter-settings.ts';
import { type AugmentSummary, augmentText } from './augment.ts';
import { explainMistakes, type MistakeExplainer } from './explain-mistakes.ts';
import { joinedWarning } from './joined-text.ts';
import { type JudgedCwe, judgeCwe } from './judge-cwe.ts';
import { type EvaluatedSplit, type JudgedSplit, type JudgedSplits, judgeSplits } from './judge-splits.ts';
import type { PlannedCwe, TrainingPlan } from './setup.ts';
import type { StorableBlend } from './train-blend.ts';
import { cardHead, cardQuestion, ownClass } from './transformers-class.ts';
import type { CutPart } from './truncation-text.ts';

export interface FinishedTraining {
  readonly run: WritableRun;
  readonly plan: Pick<
    TrainingPlan,
    'config' | 'model' | 'reading' | 'lora' | 'layers' | 'whole' | 'context'
  > & {
    readonly cwe?: Pick<PlannedCwe, 'classes'>;
  };
  readonly parameters: AdapterParameters;
  /** Optimiser steps of the whole training. */
  readonly totalSteps: number;
  readonly train: readonly LabelledRecord[];
  /** Validation first. */
  readonly splits: readonly EvaluatedSplit[];
  /** What was cut of the functions of each file; left out for a run that does not know. */
  readonly cut?: readonly CutPart[];
  /** Copies that were trained on; undefined where there were none. */
  readonly augmented?: AugmentSummary | undefined;
  /** Asked when the adapter is written: which lines mattered in the most confident mistakes. */
  readonly explain?: MistakeExplainer;
  /** Aborted: the rest is left to a resumed run. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly threshold: number;
  /** Why the model has no blend; undefined where it has one. */
  readonly withoutBlend: string | undefined;
  /** What was cut of the functions of each file. */
  readonly truncation: readonly CutPart[];
  /** By split. */
  readonly comparisons: ReadonlyMap<EvaluatedSplit['name'], Comparison>;
}

/**
 * Writes everything, and last the mark that says so: killed anywhere before it, a resumed run writes all of it again. In
 * the adapter folder adapter_config.json comes last, so that an adapter that is there is whole.
 */
export async function finishRun(finished: FinishedTraining): Promise<RunResult> {
  const { run, plan, parameters, train, splits, signal } = finished;
  const { config, model, lora, layers } = plan;
  const judgements = await judgeSplits(train, splits);
  const { calibration, threshold, alarmBudget, blend, fingerprints, judged } = judgements;
  const cwe = await judgeCwe(plan.cwe?.classes, splits, signal);
  await stopIfAsked(signal);
  const comparisons = new Map(judged.map(({ split, comparison }) => [split.name, comparison]));
  for (const one of judged) writePredictions(run.paths.predictions, one, threshold);
  const metrics = Object.fromEntries(
    judged.map(({ split, comparison, contamination: { exact, near } }) => [
      split.name,
      { ...comparisonJson(comparison), contamination: { exact: exact.length, near: near.length } },
    ]),
  );
  writeFileAtomic(
    run.paths.metrics,
    `${JSON.stringify({ formatVersion: 1, threshold, calibration: calibration ?? null, blend: blendJson(blend), truncation: truncationJson(finished.cut), ...augmentedMetrics(finished.augmented), ...cweMetrics(cwe), ...metrics }, null, 2)}\n`,
  );
  const card = modelCard(finished, judgements, comparisons, cwe);
  writeFileAtomic(join(run.paths.adapter, 'README.md'), card);
  writeFileAtomic(join(run.paths.adapter, FINGERPRINTS_FILE), formatFingerprints(fingerprints));
  if (blend.blend !== undefined) writeFileAtomic(join(run.paths.adapter, BLEND_FILE), blend.text);
  const last = judged.at(-1)!;
  const measured = measuredRanking(last.split.name, last.comparison.rows[0]!);
  copyTokenizer(model.checkpoint.tokenizer, run.paths.adapter);
  if (cwe !== undefined) await writeCweHead(run.paths.adapter, cwe.head, parameters);
  const { factors } = model.weights.format;
  if (factors !== undefined) await writeFactors(join(run.paths.adapter, FACTORS_FILE), factors);
  await writeAdapter(run.paths.adapter, {
    model: model.spec,
    config: {
      lora: withTotalSteps(lora, finished.totalSteps),
      baseModel: config.base_model,
      revision: config.revision ?? undefined,
    },
    layers,
    whole: plan.whole,
    parameters: withoutCweHead(parameters),
    settings: {
      formatVersion: 1,
      threshold,
      ...(alarmBudget === undefined ? {} : { alarmBudget }),
      ...trainedSettings(plan, run.record.data, run.paths.adapter),
      ...(calibration === undefined ? {} : { calibration: { ...calibration } }),
      ...(measured === undefined ? {} : { measured }),
    },
  });
  await recordScoredBy(run.paths.predictions, readAdapterHeader(run.paths.adapter));
  const { split, scores } = last;
  if (finished.explain !== undefined) {
    const { predictions } = run.paths;
    await explainMistakes(predictions, { records: split.records, scores }, threshold, finished.explain);
  }
  await writeRunReport(run.dir, run.paths, 'finished');
  await stopIfAsked(signal);
  removeOlderCheckpoints(run.paths.checkpoints);
  markFinished(run);
  return {
    threshold,
    withoutBlend: blend.blend === undefined ? blend.reason : undefined,
    truncation: finished.cut ?? [],
    comparisons,
  };
}

export const withTotalSteps = ({ adalora, ...lora }: LoraOptions, totalSteps: number): LoraOptions =>
  adalora === undefined ? lora : { ...lora, adalora: { ...adalora, totalSteps } };

/** A signal is noticed between two tasks of the event loop, and what came before may have been one of them. */
async function stopIfAsked(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}

/** Whether scans use it, and what they go by; or why there is none. */
function blendJson(stored: StorableBlend): object {
  if (stored.blend === undefined) return { reason: stored.reason };
  const { used, rocAuc, functions, threshold, alarmBudget } = stored.blend;
  return { used, validation: { functions, roc_auc: rocAuc }, threshold, alarm_budget: alarmBudget ?? null };
}

/** By part; null for a run that does not know. */
function truncationJson(parts: readonly CutPart[] | undefined): object | null {
  if (parts === undefined) return null;
  return Object.fromEntries(
    parts.map(({ key, functions, truncated, pairs, identicalPairs, leftOut }) => [
      key.replace(/_file$/, ''),
      { functions, truncated, pairs, identical_pairs: identicalPairs, left_out: leftOut },
    ]),
  );
}

/** Empty without augment, so that metrics.json then stays as it was. */
const augmentedMetrics = (augmented: AugmentSummary | undefined): { augmented?: AugmentSummary } =>
  augmented === undefined ? {} : { augmented };

/** Empty without a CWE head, so that metrics.json then stays as it was. */
function cweMetrics(cwe: JudgedCwe | undefined): Record<string, unknown> {
  if (cwe === undefined) return {};
  const { classes, used } = cwe.head;
  const splits = [...cwe.evaluations].map(([name, evaluation]) => [name, cweJson(evaluation)] as const);
  return { cwe: { classes, used, ...Object.fromEntries(splits) } };
}

function writePredictions(
  folder: string,
  { split: { name, records, scores: rawScores, cwes }, scores, comparison: { blend } }: JudgedSplit,
  threshold: number,
): void {
  const lines = records.map((record, i) =>
    JSON.stringify({
      id: record.id ?? i + 1,
      score: scores[i],
      raw_score: rawScores[i],
      ...(blend === undefined ? {} : { blend_score: blend.scores[i] }),
      label: scores[i]! >= threshold ? 1 : 0,
      target: record.target,
      ...(cwes?.[i] === undefined ? {} : { cwe: cwes[i] }),
    }),
  );
  writeFileAtomic(join(folder, `${name}.jsonl`), `${lines.join('\n')}\n`);
}

function modelCard(
  { plan: { config, model, reading }, train, splits, cut: parts = [], augmented }: FinishedTraining,
  { threshold, calibration, alarmBudget, blend: { blend } }: JudgedSplits,
  comparisons: RunResult['comparisons'],
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
