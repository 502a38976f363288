/** @file A run folder → the data of its page, whatever state the run is in. Reads; draws nothing. */
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { readTextFile } from '../../base/files.ts';
import { foldClasses } from '../../evaluation/cwe/fold-classes.ts';
import { type Evaluation, type RunEvent, type Step, withoutLostSteps } from '../../runs/events.ts';
import { openRun, type Run, runEvents } from '../../runs/run-folder.ts';
import { checkJson } from '../../schema/check-value.ts';
import { collectSet } from './collect-set.ts';
import { withMistakeLines } from './mistake-lines.ts';
import type {
  CweReport,
  EpochPoint,
  RunReportData,
  RunStatus,
  RunTotals,
  SetReport,
} from './run-report-data.ts';
import { type StoredMetrics, storedMetrics } from './stored-metrics.ts';
import { thinSteps } from './thin-steps.ts';

export interface CollectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly name?: string | undefined;
  /** Without them only what the log and the settings say: what a live page needs. Default true. */
  readonly withSets?: boolean | undefined;
}

/** @throws VultuneError as `openRun`; `RUN_METRICS_BROKEN`, `RUN_PREDICTIONS_BROKEN`. */
export async function collectRun(dir: string, options: CollectOptions = {}): Promise<RunReportData> {
  const run = openRun(dir);
  const events = withoutLostSteps(runEvents(run));
  const steps = events.filter((event): event is Step => event.type === 'step');
  const { environment, config, data } = run.record;
  const stored = options.withSets === false ? undefined : storedMetricsOf(run);
  return {
    formatVersion: 1,
    name: options.name ?? nameOf(dir),
    createdAt: run.record.createdAt,
    status: statusOf(run, events),
    step: steps.at(-1)?.step ?? 0,
    totalSteps: events.find((event) => event.type === 'run_started')?.totalSteps ?? 0,
    settings: Object.entries(config).map(([key, value]) => [key, settingText(value)]),
    environment: [
      [
        'processor',
        `${environment.cpuModel ?? '–'}, ${environment.cpuCount ?? '–'} cores, ${environment.threads ?? '–'} threads`,
      ],
      ['memory', memoryText(environment.memoryBytes)],
      ['device', environment.device ?? '–'],
      ['platform', environment.platform ?? '–'],
      ...Object.entries(environment.versions ?? {}),
    ],
    files: Object.entries(data).map(([role, file]) => ({ role, ...file })),
    epochs: validations(events),
    steps: thinSteps(steps),
    totals: totalsOf(steps),
    ...truncationOf(stored),
    sets: stored === undefined ? [] : await collectSets(run, stored, options.signal),
  };
}

function statusOf({ paths }: Run, events: readonly RunEvent[]): RunStatus {
  if (existsSync(paths.lock)) return 'running';
  const last = events.findLast(({ type }) => ['finished', 'interrupted', 'resumed'].includes(type));
  if (last?.type === 'finished') return 'finished';
  return last?.type === 'interrupted' ? 'interrupted' : 'stopped';
}

function validations(events: readonly RunEvent[]): EpochPoint[] {
  return events
    .filter((event): event is Evaluation => event.type === 'evaluation' && event.split === 'valid')
    .map(({ epoch, step, metrics, isBest }) => ({ epoch, step, metrics, isBest }));
}

function totalsOf(steps: readonly Step[]): RunTotals {
  const sum = (of: (step: Step) => number) => steps.reduce((total, step) => total + of(step), 0);
  const tokens = sum((step) => step.tokens);
  const padding = sum((step) => step.paddingTokens);
  const durationMs = sum((step) => step.durationMs);
  return {
    steps: steps.length,
    functions: sum((step) => step.functions),
    tokens,
    durationMs,
    tokensPerSecond: durationMs === 0 ? null : (1000 * tokens) / durationMs,
    paddingShare: tokens === 0 ? null : padding / (tokens + padding),
    peakMemoryBytes: steps.reduce<number | null>((peak, step) => Math.max(peak ?? 0, step.memoryBytes), null),
  };
}

function truncationOf({ truncation }: StoredMetrics = {}): Pick<RunReportData, 'truncation'> {
  if (truncation === undefined || truncation === null) return {};
  return {
    truncation: Object.entries(truncation).map(
      ([part, { functions, truncated, pairs, identical_pairs, left_out }]) => ({
        part,
        functions,
        truncated,
        pairs,
        identicalPairs: identical_pairs,
        leftOut: left_out,
      }),
    ),
  };
}

async function collectSets(
  run: Run,
  stored: StoredMetrics,
  signal: AbortSignal | undefined,
): Promise<SetReport[]> {
  const sets: SetReport[] = [];
  for (const name of ['valid', 'test'] as const) {
    const set = stored[name];
    if (set === undefined) continue;
    const cwe = cweReport(stored.cwe, name);
    const collected = await collectSet(run, name, set, { isBlendUsed: stored.blend?.used, signal });
    sets.push(cwe === undefined ? collected : { ...collected, cwe });
  }
  return withMistakeLines(sets, run.paths.predictions);
}

function cweReport(stored: StoredMetrics['cwe'], name: SetReport['name']): CweReport | undefined {
  const set = stored?.[name];
  if (stored === undefined || set === undefined) return undefined;
  const { top1, top3, macro_f1, intervals, majority, by_cwe } = set;
  return {
    used: stored.used,
    functions: set.functions,
    outside: set.outside_classes,
    unnamed: set.without_cwe,
    rows: [
      { label: 'CWE head', metrics: { top1, top3, macro_f1 }, intervals },
      {
        label: `always ${majority.cwe}`,
        metrics: { top1: majority.top1, top3: majority.top3, macro_f1: majority.macro_f1 },
        intervals: {},
      },
    ],
    byCwe: foldClasses(by_cwe.map(({ cwe: id, ...figures }) => ({ id, ...figures }))),
  };
}

/** Undefined before the end of a training. */
function storedMetricsOf({ paths: { metrics } }: Run): StoredMetrics | undefined {
  if (!existsSync(metrics)) return undefined;
  return checkJson(storedMetrics, readTextFile(metrics), {
    code: 'RUN_METRICS_BROKEN',
    file: metrics,
    hint: 'the file is written at the end of a training, and not meant to be edited',
  });
}

const memoryText = (bytes: number | undefined) =>
  bytes === undefined ? '–' : `${(bytes / 2 ** 30).toFixed(1)} GB`;

/** `runs/1` says more than `1`. */
function nameOf(dir: string): string {
  const path = resolve(dir);
  const name = basename(path);
  return name.length > 3 ? name : `${basename(dirname(path))}/${name}`;
}

function settingText(value: unknown): string {
  if (value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
