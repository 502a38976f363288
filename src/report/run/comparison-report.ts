/** @file Several runs on one page: a table, their curves over each other, the settings in which they differ. */
import { type HtmlValue, html, type SafeHtml } from '../html/html.ts';
import { lineChart, type Point, type Series } from '../kit/charts.ts';
import { count, dateTime, metric, shortNumber } from '../kit/numbers.ts';
import { page, type Section } from '../kit/page.ts';
import { SORT_SCRIPT } from '../kit/scripts.ts';
import { callout, dataTable, emptyNote } from '../kit/table.ts';
import { SERIES_COLORS } from '../kit/theme.ts';
import { reportedSet, statusBadge, verdictLine } from './run-report.ts';
import type { RunReportData } from './run-report-data.ts';

export interface ComparisonPageOptions {
  readonly title?: string;
  /** Where a run's own page is, for the table. */
  readonly linkOf?: (run: RunReportData) => string;
  readonly scripts?: readonly string[];
  /** What the reader should know about runs that are not shown. */
  readonly notes?: readonly string[];
}

/** Any number of runs, none included. Colours go to the best few; the rest is drawn grey. */
export function comparisonPage(runs: readonly RunReportData[], options: ComparisonPageOptions = {}): string {
  const ordered = [...runs].sort((a, b) => rankOf(b) - rankOf(a));
  const sections: Section[] =
    runs.length === 0
      ? [emptySection(options)]
      : [runsSection(ordered, options), curvesSection(ordered), differencesSection(ordered)];
  return page({
    title: options.title ?? 'Runs side by side',
    kicker: 'Vultune · comparison',
    lead: html`${bestVerdict(ordered)}${count(runs.length)} ${runs.length === 1 ? 'run' : 'runs'}, best ROC AUC first.`,
    sections,
    scripts: [SORT_SCRIPT, ...(options.scripts ?? [])],
  });
}

/** The verdict on the run that stands first. */
function bestVerdict([best]: readonly RunReportData[]): SafeHtml | undefined {
  const set = best && reportedSet(best);
  if (set === undefined) return undefined;
  return verdictLine(`${best!.name}, ${set.name === 'test' ? 'test' : 'validation'}`, set.conclusion);
}

function emptySection({ notes = [] }: ComparisonPageOptions): Section {
  const none = notes.length === 0 ? 'No runs here yet: vultune train makes one.' : 'No run can be shown.';
  return { id: 'runs', title: 'Runs', body: html`${callout(notes)}${emptyNote(none)}` };
}

/** By ROC AUC of the set that is reported, or of the best validation so far. */
function rankOf(run: RunReportData): number {
  const set = reportedSet(run);
  return set?.measured.result.metrics.rocAuc ?? bestOf(run)?.roc_auc ?? -1;
}

const bestOf = ({ epochs }: RunReportData) =>
  (epochs.findLast(({ isBest }) => isBest) ?? epochs.at(-1))?.metrics;

const COLUMNS = [
  ['roc_auc', 'ROC AUC', 'rocAuc'],
  ['average_precision', 'AP', 'averagePrecision'],
  ['f1', 'F1', 'f1'],
] as const;

function runsSection(runs: readonly RunReportData[], { linkOf, notes = [] }: ComparisonPageOptions): Section {
  const values = runs.map((run) => {
    const set = reportedSet(run);
    const stored = bestOf(run);
    return COLUMNS.map(([name, , figure]) => ({
      value: set === undefined ? stored?.[name] : set.measured.result.metrics[figure],
      interval: set?.measured.intervals[figure],
    }));
  });
  const best = COLUMNS.map((_, i) => Math.max(...values.flatMap((row) => row[i]!.value ?? [])));
  return {
    id: 'runs',
    title: 'Runs',
    note: 'Small numbers: 95% bootstrap interval. Overlapping intervals do not mean that two runs are equal: vultune compare tests the difference.',
    body: html`${callout(notes)}${dataTable({
      caption: 'Runs',
      isSortable: true,
      columns: [
        { heading: 'Run' },
        { heading: 'State' },
        { heading: 'Measured on' },
        ...COLUMNS.map(([, heading]) => ({ heading, isNumber: true })),
        { heading: 'Tokens/s', isNumber: true },
        { heading: 'Steps', isNumber: true },
        { heading: 'Started' },
      ],
      rows: runs.map((run, r) => ({
        best: new Set(COLUMNS.flatMap((_, i) => (values[r]![i]!.value === best[i] ? [i + 3] : []))),
        cells: [
          nameCell(run, linkOf),
          statusBadge(run.status),
          measuredOn(run),
          ...values[r]!.map(
            ({ value, interval }): HtmlValue =>
              html`${metric(value)}${interval && html`<span class="ci">${metric(interval.low, 2)}–${metric(interval.high, 2)}</span>`}`,
          ),
          run.totals.tokensPerSecond === null ? '–' : shortNumber(run.totals.tokensPerSecond),
          count(run.step),
          dateTime(run.createdAt),
        ],
      })),
    })}`,
  };
}

function nameCell(run: RunReportData, linkOf: ComparisonPageOptions['linkOf']): SafeHtml {
  return linkOf === undefined ? html`${run.name}` : html`<a href="${linkOf(run)}">${run.name}</a>`;
}

function measuredOn(run: RunReportData): string {
  const set = reportedSet(run);
  if (set === undefined) return run.epochs.length === 0 ? 'nothing yet' : 'validation, best epoch';
  return `${set.name === 'test' ? 'test' : 'validation'}, ${count(set.measured.functions)}`;
}

function curvesSection(runs: readonly RunReportData[]): Section {
  const share: readonly [number, number] = [0, 1];
  const epochs = (name: string) => (run: RunReportData) =>
    run.epochs.flatMap(({ epoch, metrics }): Point[] => {
      const value = metrics[name];
      return value === null || value === undefined ? [] : [[epoch, value]];
    });
  const epoch = { label: 'Epoch', isWhole: true } as const;
  const charts = [
    lineChart({
      title: 'Validation loss',
      x: epoch,
      y: { label: 'Loss per function (nats)' },
      series: seriesOf(runs, epochs('log_loss'), () => true),
    }),
    lineChart({
      title: 'Validation F1',
      x: epoch,
      y: { label: 'F1', domain: share },
      series: seriesOf(runs, epochs('f1'), () => true),
    }),
    lineChart({
      title: 'Validation ROC AUC',
      x: epoch,
      y: { label: 'Area under the curve', domain: share },
      level: 0.5,
      series: seriesOf(runs, epochs('roc_auc'), () => true),
    }),
    trainingLoss(runs),
    lineChart({
      title: 'ROC',
      x: { label: 'False positive rate', domain: share },
      y: { label: 'True positive rate', domain: share },
      hasDiagonal: true,
      height: 320,
      series: seriesOf(runs, (run) => points(reportedSet(run)?.measured.roc.points)),
    }),
    lineChart({
      title: 'Precision and recall',
      x: { label: 'Recall', domain: share },
      y: { label: 'Precision', domain: share },
      height: 320,
      series: seriesOf(runs, (run) => points(reportedSet(run)?.measured.pr.points)),
    }),
  ];
  return { id: 'curves', title: 'Curves', body: html`<div class="grid">${charts}</div>` };
}

/** A share of the axis: the line of a shorter run is hardly longer than its stroke is wide, so it gets dots. */
const NARROW = 0.05;

/** Over epochs from the first step's start on. A run that ended early has dots, and lies above those that cover it. */
function trainingLoss(runs: readonly RunReportData[]): SafeHtml {
  const end = ({ steps }: RunReportData) => steps.at(-1)?.epoch ?? 0;
  const longest = Math.max(...runs.map(end));
  const width = (run: RunReportData) => (end(run) - (run.steps[0]?.epoch ?? 0)) / longest;
  return lineChart({
    title: 'Training loss',
    x: { label: 'Epoch', ...(longest === 0 ? {} : { domain: [0, longest] }) },
    y: { label: 'Loss per function (nats)' },
    height: 320,
    series: seriesOf(
      runs,
      ({ steps }) => steps.map((step): Point => [step.epoch, step.lossNats]),
      (run) => width(run) < NARROW,
    ),
    isWidestBehind: true,
  });
}

const points = (curve: readonly { readonly x: number; readonly y: number }[] = []): Point[] => {
  const stride = Math.max(1, Math.floor(curve.length / 200));
  return curve.filter((_, i) => i % stride === 0 || i === curve.length - 1).map(({ x, y }) => [x, y]);
};

/** A run keeps its colour through all charts, whether or not it has points in one. */
function seriesOf(
  runs: readonly RunReportData[],
  of: (run: RunReportData) => readonly Point[],
  hasDots: (run: RunReportData) => boolean = () => false,
): Series[] {
  return runs.map((run, i) => {
    const color = SERIES_COLORS[i];
    return {
      label: run.name,
      points: of(run),
      hasDots: hasDots(run),
      ...(color === undefined ? { isMuted: true } : { color }),
    };
  });
}

/** Transposed past a handful of runs: rows are what there may be many of. */
function differencesSection(runs: readonly RunReportData[]): Section {
  const all = new Map(runs.map((run) => [run, new Map(run.settings)] as const));
  const names = [...new Set(runs.flatMap(({ settings }) => settings.map(([name]) => name)))].filter(
    (name) => name !== 'output_dir' && new Set(runs.map((run) => all.get(run)!.get(name))).size > 1,
  );
  return {
    id: 'differences',
    title: 'Settings that differ',
    shortTitle: 'Differences',
    body:
      names.length === 0
        ? emptyNote('None: these runs have the same settings.')
        : dataTable({
            caption: 'Settings that differ',
            isSortable: true,
            columns: [{ heading: 'Run' }, ...names.map((heading) => ({ heading }))],
            rows: runs.map((run) => ({
              cells: [run.name, ...names.map((name) => all.get(run)!.get(name) ?? '–')],
            })),
          }),
  };
}
