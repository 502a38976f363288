/**
 * @file The run folder of a prompted model: the functions it was asked about, its answers, its figures, its page; with prompt.json
 * where a trained run has an adapter.
 */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { formatRecord } from '../../dataset/write-jsonl.ts';
import { type PromptedSettings, writePromptedRun } from '../../judging/prompted-run.ts';
import type { AnswerTable } from '../../prompting/answer-table.ts';
import type { PromptAnswer } from '../../prompting/prompt-answer.ts';
import { currentEnvironment, type FileFingerprint, fingerprintFile } from '../../runs/environment.ts';
import { createRun, markFinished } from '../../runs/run-folder.ts';
import type { WorkflowContext } from '../context.ts';
import { comparisonJson } from '../evaluate/comparison-json.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { recordScoredBy } from '../evaluate/own-predictions.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { packageVersions } from '../package-versions.ts';
import { writeRunReport } from '../report/run-page.ts';
import { unclassifiedCsv } from './hand-labels.ts';
import type { PromptOptions } from './prompt-options.ts';

export interface PromptRunParts {
  readonly options: PromptOptions;
  readonly settings: PromptedSettings;
  /** The file of the functions. */
  readonly path: string;
  readonly records: readonly LabelledRecord[];
  readonly answers: readonly PromptAnswer[];
  readonly table: AnswerTable;
  /** Whether these are all functions of the file; else they are written beside the answers. */
  readonly isWhole: boolean;
  readonly fields: Columns | undefined;
}

/** @returns the evaluation, with its baselines. @throws VultuneError RUN_EXISTS, and what evaluation throws */
export async function writePromptRun(
  folder: string,
  parts: PromptRunParts,
  context: WorkflowContext,
): Promise<Evaluation> {
  const { options, settings, records, answers, table } = parts;
  const startedMs = performance.now();
  const functions = await functionsOf(folder, parts);
  const run = createRun(folder, {
    config: configOf(settings, options),
    environment: currentEnvironment({
      versions: packageVersions(),
      device: settings.endpoint === undefined ? (options.device ?? 'cpu') : 'endpoint',
      ...(options.numThreads === undefined ? {} : { threads: options.numThreads }),
    }),
    data: { test_file: functions.fingerprint, ...(await trainingOf(options, context)) },
  });
  try {
    if (functions.text !== undefined) writeFileAtomic(functions.fingerprint.path, functions.text);
    const prompted = writePromptedRun(folder, settings);
    writeFileAtomic(
      join(run.paths.predictions, 'test.jsonl'),
      predictionLines(records, answers, settings.threshold),
    );
    writeFileAtomic(join(folder, 'unclassified.csv'), unclassifiedCsv(records, answers));
    await recordScoredBy(run.paths.predictions, prompted);
    const { cluster, resamples, device, numThreads } = options;
    const evaluation = await evaluate(
      { runs: [folder], cluster, resamples, device, numThreads },
      quiet(context),
    );
    const { comparison } = evaluation.evaluated[0]!;
    const figures = {
      formatVersion: 1,
      threshold: settings.threshold,
      calibration: null,
      prompt: answerJson(settings, table),
      test: comparisonJson(comparison),
    };
    writeFileAtomic(run.paths.metrics, `${JSON.stringify(figures, null, 2)}\n`);
    run.events.append({
      type: 'finished',
      step: 0,
      reason: 'prompted',
      bestStep: null,
      durationMs: performance.now() - startedMs,
    });
    await writeRunReport(folder, run.paths, 'finished');
    markFinished(run);
    return evaluation;
  } finally {
    run.release();
  }
}

/** What evaluation notes about the file was said when it was read. */
const quiet = ({ signal, report }: WorkflowContext): WorkflowContext => ({
  signal,
  report: { note: () => {}, warn: (text) => report.warn(text), task: (task) => report.task(task) },
});

function configOf({ template, ...settings }: PromptedSettings, { limit }: PromptOptions): object {
  const { id, user, system } = template;
  return {
    ...Object.fromEntries(Object.entries(settings).filter(([key]) => key !== 'formatVersion')),
    prompt: id,
    ...(system === undefined ? {} : { system }),
    user,
    answers: template.answers,
    ...(limit === undefined ? {} : { limit }),
  };
}

interface Functions {
  readonly fingerprint: FileFingerprint;
  /** Undefined where they are a file of the user's. */
  readonly text: string | undefined;
}

const FUNCTIONS_FILE = 'functions.jsonl';

/** Part of a file is copied into the run, because stored scores are matched to a whole file. */
async function functionsOf(
  folder: string,
  { path, records, isWhole, fields }: PromptRunParts,
): Promise<Functions> {
  if (isWhole)
    return { fingerprint: withColumns(await fingerprintFile(resolve(path)), fields), text: undefined };
  const text = records.map(formatRecord).join('');
  return {
    fingerprint: {
      path: resolve(folder, FUNCTIONS_FILE),
      pathFromRun: FUNCTIONS_FILE,
      sizeBytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    },
    text,
  };
}

const withColumns = (file: FileFingerprint, columns: Columns | undefined): FileFingerprint =>
  columns === undefined ? file : { ...file, columns };

async function trainingOf(
  { train, fields }: PromptOptions,
  context: WorkflowContext,
): Promise<Readonly<Record<string, FileFingerprint>>> {
  if (train === undefined) return {};
  const path = resolve(await openDataFile(train, context));
  return { train_file: withColumns(await fingerprintFile(path), fields) };
}

function predictionLines(
  records: readonly LabelledRecord[],
  answers: readonly PromptAnswer[],
  threshold: number,
): string {
  const lines = answers.map(({ score, answer, outside, text, truncated }, row) =>
    JSON.stringify({
      id: records[row]!.id ?? row + 1,
      score,
      raw_score: score,
      label: score >= threshold ? 1 : 0,
      target: records[row]!.target,
      answer,
      ...(outside === undefined ? {} : { outside }),
      ...(text === undefined ? {} : { text }),
      truncated,
    }),
  );
  return `${lines.join('\n')}\n`;
}

/** The table of the answers, as metrics.json has it. */
export function answerJson(
  { model, template }: PromptedSettings,
  table: AnswerTable,
): Record<string, unknown> {
  const { truePositives, falsePositives, precision, recall, f1, outside, ...counts } = table;
  return {
    model,
    prompt: template.id,
    ...counts,
    true_positives: truePositives,
    false_positives: falsePositives,
    precision: precision ?? null,
    recall: recall ?? null,
    f1: f1 ?? null,
    outside: outside ?? null,
  };
}
