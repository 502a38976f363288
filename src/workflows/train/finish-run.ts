/** @file What a finished training leaves: adapter with threshold and model card, predictions, metrics.json, its page. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import { readAdapterHeader, writeAdapter } from '../../adapters/files/adapter-files.ts';
import { withoutCweHead, writeCweHead } from '../../adapters/files/cwe-head-files.ts';
import type { LoraOptions } from '../../adapters/lora-plan.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { copyTokenizer } from '../../checkpoint/tokenizer-files.ts';
import { BLEND_FILE } from '../../evaluation/blend/blend-file.ts';
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import { formatFingerprints } from '../../evaluation/contamination.ts';
import { measuredRanking } from '../../evaluation/measured-ranking.ts';
import { markFinished, type WritableRun } from '../../runs/run-folder.ts';
import { removeOlderCheckpoints } from '../../training/checkpoints.ts';
import { FACTORS_FILE, writeFactors } from '../../weights/factors-file.ts';
import { comparisonJson } from '../evaluate/comparison-json.ts';
import { cweJson } from '../evaluate/cwe-json.ts';
import { FINGERPRINTS_FILE } from '../evaluate/evaluation-files.ts';
import { recordScoredBy } from '../evaluate/own-predictions.ts';
import { writeRunReport } from '../report/run-page.ts';
import { trainedSettings } from './adapter-settings.ts';
import type { AugmentSummary } from './augment.ts';
import { explainMistakes, type MistakeExplainer } from './explain-mistakes.ts';
import { type JudgedCwe, judgeCwe } from './judge-cwe.ts';
import { type EvaluatedSplit, type JudgedSplit, judgeSplits } from './judge-splits.ts';
import { type CardTraining, runModelCard } from './run-card.ts';
import type { PlannedCwe, TrainingPlan } from './setup.ts';
import type { StorableBlend } from './train-blend.ts';
import type { CutPart } from './truncation-text.ts';

export interface FinishedTraining extends CardTraining {
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
  const card = runModelCard(finished, judgements, comparisons, cwe);
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
