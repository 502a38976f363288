/**
 * @file One scored set of a run (predictions, the stored figures, and the functions where their file is unchanged)
 * → curves, slices and the most certain mistakes. The figures are evaluation's; nothing is computed here.
 */
import { join } from 'node:path';
import type { LabelledRecord } from '../../dataset/record.ts';
import { type Conclusion, conclusion } from '../../evaluation/conclusion.ts';
import { evaluateScores } from '../../evaluation/evaluate.ts';
import { figureNames } from '../../evaluation/figures.ts';
import { metricNames } from '../../evaluation/metrics/registry.ts';
import { type ReportData, reportData } from '../../evaluation/report-data.ts';
import { type ClusteredRecord, clusterRecords } from '../../evaluation/resampling/clusters.ts';
import {
  bootstrapReplicates,
  type Intervals,
  intervalsOf,
  LEVEL,
} from '../../evaluation/resampling/intervals.ts';
import { SHORTFALL_KINDS, type Shortfall } from '../../evaluation/shortfalls.ts';
import { evaluateSlices } from '../../evaluation/slices/evaluate-slices.ts';
import type { SliceRecord } from '../../evaluation/slices/slice.ts';
import { standardSlices } from '../../evaluation/slices/standard-slices.ts';
import { type Verdict, verdicts } from '../../evaluation/verdicts.ts';
import type { Run } from '../../runs/run-folder.ts';
import { mostCertainMistakes } from './mistakes.ts';
import { type Prediction, readOwnRecords, readPredictions } from './predictions.ts';
import type { MetricsRow, Mistake, SetReport } from './run-report-data.ts';
import type { StoredRow, StoredSet } from './stored-metrics.ts';

/** The most mistakes shown of each kind: false alarms and missed vulnerabilities. */
const MOST_MISTAKES = 8;
/** Resamples times functions. */
const MOST_WORK = 10_000_000;

export async function collectSet(
  run: Run,
  name: SetReport['name'],
  stored: StoredSet,
  {
    isBlendUsed,
    signal,
  }: { readonly isBlendUsed: boolean | undefined; readonly signal: AbortSignal | undefined },
): Promise<SetReport> {
  const predictions = readPredictions(join(run.paths.predictions, `${name}.jsonl`));
  const own = await readOwnRecords(run, name, predictions);
  const records: readonly (SliceRecord & ClusteredRecord)[] =
    own ?? predictions.map(({ target }) => ({ code: '', target }));
  const scores = Float64Array.from(predictions, ({ score }) => score);
  const threshold = stored.threshold ?? 0.5;
  const subject = { records, scores, threshold };
  const clusters = clusterRecords(records);
  // The width of an interval is known well enough; a page of 100,000 functions must not take minutes.
  const resamples = Math.max(50, Math.min(500, Math.floor(MOST_WORK / Math.max(1, records.length))));
  const options = { clusters, resamples, signal };
  const [replicates] = records.length === 0 ? [] : await bootstrapReplicates([subject], options);
  const measured = await reportData({
    ...options,
    ...subject,
    result: evaluateScores(subject),
    // Those that were stored with the run are of more resamples, and what its other outputs say.
    intervals: {
      ...(replicates === undefined ? {} : intervalsOf(replicates)),
      ...storedIntervals(stored),
    },
    bandResamples: resamples,
    // The page shows no intervals of slices, and they are what takes longest.
    slices:
      own === undefined
        ? []
        : await evaluateSlices(subject, standardSlices(own), { clusters, resamples: 0, signal }),
  });
  const rows = rowsOf(stored, measured.intervals);
  return {
    name,
    measured,
    rows,
    conclusion: concludeStored(stored, measured, isBlendUsed),
    verdicts: verdictsOf(stored),
    hasRecords: own !== undefined,
    mistakes: mistakesOf(predictions, own, threshold),
  };
}

function storedIntervals({ intervals = {} }: StoredSet): Intervals {
  return Object.fromEntries(
    figureNames.flatMap((name) => {
      const stored = intervals[snakeCase(name)];
      return stored === undefined ? [] : [[name, { low: stored[0], high: stored[1], level: LEVEL }]];
    }),
  );
}

/** A run of before intervals were stored has those of the model that were made just now. */
function rowsOf(stored: StoredSet, measured: Intervals): MetricsRow[] {
  const { metrics = {}, baselines = {}, blend } = stored;
  const own = Object.entries(measured).map(
    ([name, { low, high }]) => [snakeCase(name), [low, high]] as const,
  );
  return [
    { label: 'model', metrics, intervals: stored.intervals ?? Object.fromEntries(own) },
    ...Object.entries(baselines).map(([name, row]) => rowOf(name, row)),
    ...(blend === undefined ? [] : [rowOf('blend', blend)]),
  ];
}

const rowOf = (
  name: string,
  { label = name, metrics = {}, intervals = {}, note }: StoredRow,
): MetricsRow => ({
  label,
  metrics,
  intervals,
  ...(note === undefined ? {} : { note }),
});

/** Stored figures, as the table beside it has them. */
function concludeStored(
  stored: StoredSet,
  { result, intervals }: ReportData,
  isUsed: boolean | undefined,
): Conclusion {
  const row = (name: string, { label = name, metrics = {}, intervals: ranges = {} }: StoredRow) => {
    const range = ranges.roc_auc;
    return {
      name,
      label,
      rocAuc: metrics.roc_auc,
      interval: range && { low: range[0], high: range[1] },
    };
  };
  return conclusion({
    functions: result.n,
    vulnerable: result.positives,
    model: {
      name: 'model',
      label: 'model',
      rocAuc: stored.metrics?.roc_auc ?? result.metrics.rocAuc,
      interval: intervals.rocAuc,
    },
    baselines: Object.entries(stored.baselines ?? {}).map(([name, one]) => row(name, one)),
    shortfalls: knownShortfalls(stored),
    blend: stored.blend && { ...row('blend', stored.blend), isUsed },
  });
}

/** Undefined where there are none, or the file is of a version that says one of them otherwise. */
function knownShortfalls({
  shortfalls,
}: StoredSet): readonly Pick<Shortfall, 'baseline' | 'metric' | 'kind'>[] | undefined {
  const known = shortfalls?.flatMap(({ baseline, metric, kind }) => {
    const found = {
      metric: metricNames.find((name) => name === metric),
      kind: SHORTFALL_KINDS.find((name) => name === kind),
    };
    if (baseline === undefined || found.metric === undefined || found.kind === undefined) return [];
    return [{ baseline, metric: found.metric, kind: found.kind }];
  });
  return known?.length === shortfalls?.length ? known : undefined;
}

function verdictsOf(stored: StoredSet): Verdict[] {
  const { metrics = {}, baselines = {}, shortfalls = [] } = stored;
  const known = knownShortfalls(stored);
  if (known === undefined) return shortfalls.map(({ sentence }) => ({ sentence, good: false }));
  const row = (name: string, label: string, figures: NonNullable<StoredRow['metrics']>) => ({
    name,
    label,
    metrics: Object.fromEntries(metricNames.map((metric) => [metric, figures[snakeCase(metric)]])),
  });
  const rows = Object.entries(baselines).map(([name, { label = name, metrics: figures = {} }]) =>
    row(name, label, figures),
  );
  return verdicts([row('model', 'model', metrics), ...rows], known);
}

/** As metrics.json names figures; the name of an outcome (`P-C`) stays. */
const snakeCase = (name: string) => name.replace(/[a-z][A-Z]/g, ([a, b]) => `${a}_${b!.toLowerCase()}`);

function mistakesOf(
  predictions: readonly Prediction[],
  records: readonly LabelledRecord[] | undefined,
  threshold: number,
): Mistake[] {
  return mostCertainMistakes(predictions, threshold, MOST_MISTAKES).map((row) => {
    const { id, score, target } = predictions[row]!;
    const record = records?.[row];
    return {
      title: record?.function_name ?? String(id),
      score,
      target,
      facts: [record?.path, record?.project, record?.set, record?.cve, ...(record?.cwe ?? [])].filter(
        (fact) => fact !== undefined,
      ),
      code: record?.code,
    };
  });
}
