/** @file The parts of a run's page about one scored set: figures, threshold, curves, slices, mistakes. */
import type { ReportData } from '../../evaluation/report-data.ts';
import { LEAST_OF_A_SLICE, type SliceResult } from '../../evaluation/slices/evaluate-slices.ts';
import type { SliceDimension } from '../../evaluation/slices/slice.ts';
import { html, jsonIsland, type SafeHtml } from '../html/html.ts';
import { histogramRows, lineChart } from '../kit/charts.ts';
import { codeFrame } from '../kit/code-frame.ts';
import { count, metric, percent } from '../kit/numbers.ts';
import type { Section } from '../kit/page.ts';
import { callout, dataTable, emptyNote } from '../kit/table.ts';
import { COLOR } from '../kit/theme.ts';
import type { MetricsRow, Mistake, SetReport } from './run-report-data.ts';

export const SET_NAMES = { valid: 'Validation set', test: 'Test set' } as const;

/** Columns of the table that no score goes without; lower is better for the last two. */
const COLUMNS = [
  ['roc_auc', 'ROC AUC'],
  ['average_precision', 'AP'],
  ['f1', 'F1'],
  ['precision', 'Precision'],
  ['recall', 'Recall'],
  ['mcc', 'MCC'],
  ['accuracy', 'Accuracy'],
  ['log_loss', 'Log loss'],
  ['brier', 'Brier'],
] as const;
const LOWER_IS_BETTER: ReadonlySet<string> = new Set(['log_loss', 'brier']);

export function baselinesSection(set: SetReport): Section {
  const { measured, rows, verdicts, name } = set;
  const sentences = (good: boolean) => verdicts.filter((one) => one.good === good).map((one) => one.sentence);
  const { clusters } = measured;
  const by = clusters.by === 'function' ? '' : ` clustered by ${clusters.by}`;
  return {
    id: 'baselines',
    title: 'Against its baselines',
    shortTitle: 'Baselines',
    note:
      `${SET_NAMES[name]}: ${count(measured.functions)} functions, ${count(measured.vulnerable)} vulnerable. ` +
      `Small numbers: 95% bootstrap interval${by}.`,
    body: html`${callout(sentences(false))}${sentences(true).map((text) => html`<p>${text}</p>`)}${metricsTable(rows)}<div class="words">${rows.map(
      ({ label, note }) => note !== undefined && note !== '' && html`<p class="note">${label}: ${note}.</p>`,
    )}</div>`,
  };
}

function metricsTable(rows: readonly MetricsRow[]): SafeHtml {
  const best = COLUMNS.map(([name]) => {
    const values = rows.flatMap(({ metrics }) => metrics[name] ?? []);
    return LOWER_IS_BETTER.has(name) ? Math.min(...values) : Math.max(...values);
  });
  return dataTable({
    caption: 'The model and its baselines',
    columns: [{ heading: '' }, ...COLUMNS.map(([, heading]) => ({ heading, isNumber: true }))],
    rows: rows.map(({ label, metrics, intervals }, r) => ({
      isOwn: r === 0,
      best: new Set(COLUMNS.flatMap(([name], i) => (metrics[name] === best[i] ? [i + 1] : []))),
      cells: [
        label,
        ...COLUMNS.map(([name]) => {
          const interval = intervals[name];
          const range =
            interval && html`<span class="ci">${metric(interval[0], 2)}–${metric(interval[1], 2)}</span>`;
          return html`${metric(metrics[name])}${range}`;
        }),
      ],
    })),
  });
}

/** The slider moves between these; without script the table shows the run's own threshold. */
export function thresholdSection({ measured, name }: SetReport): Section {
  const { operatingPoints: points, functions, vulnerable, threshold } = measured;
  const { confusion } = measured.result;
  const stride = Math.ceil(points.length / 400);
  // Lowest first: the slider runs as the axis of the histogram under it.
  const thin = points.filter((_, i) => i % Math.max(1, stride) === 0).reverse();
  const data = {
    functions,
    vulnerable,
    points: thin.map((point) => [point.threshold, point.truePositives, point.falsePositives]),
  };
  const start = thin.findIndex((point) => point.threshold >= threshold);
  const cell = (id: string, value: number, label: string) =>
    html`<td class="num"><span data-cell="${id}">${count(value)}</span><small>${label}</small></td>`;
  return {
    id: 'threshold',
    title: 'Threshold',
    note: `${SET_NAMES[name]}. A function that scores at least this much is predicted vulnerable; the run's own threshold was chosen on validation.`,
    body:
      thin.length === 0
        ? emptyNote('No scores to set a threshold on.')
        : html`<div class="threshold" id="threshold-control">
<div><div class="screen-only"><label for="threshold-range"><span>Threshold</span><output for="threshold-range" data-cell="threshold">${metric(threshold, 4)}</output></label>
<input type="range" id="threshold-range" min="0" max="${thin.length - 1}" step="1" value="${Math.max(0, start)}">
<p class="note" aria-live="polite" data-cell="summary">Precision ${metric(measured.result.metrics.precision)}, recall ${metric(measured.result.metrics.recall)}, F1 ${metric(measured.result.metrics.f1)}.</p></div>
${scoresChart(measured.histogram, threshold)}</div>
<table class="confusion"><caption>Confusion matrix</caption>
<thead><tr><th scope="col"><span class="visually-hidden">Label</span></th><th scope="col" class="num">Predicted vulnerable</th><th scope="col" class="num">Predicted safe</th></tr></thead>
<tbody><tr><th scope="row">Vulnerable</th>${cell('tp', confusion.truePositives, 'true positives')}${cell('fn', confusion.falseNegatives, 'missed (false negatives)')}</tr>
<tr><th scope="row">Not vulnerable</th>${cell('fp', confusion.falsePositives, 'false alarms (false positives)')}${cell('tn', confusion.trueNegatives, 'true negatives')}</tr></tbody></table>
</div>${jsonIsland('threshold-data', data)}`,
  };
}

export function curvesSection({ measured, name }: SetReport): Section {
  const { roc, pr, functions, vulnerable, reliability } = measured;
  const charts: SafeHtml[] = [];
  const share: readonly [number, number] = [0, 1];
  if (roc.points.length > 0) {
    charts.push(
      lineChart({
        title: 'ROC',
        note: `Area ${metric(measured.result.metrics.rocAuc)}. The dotted line is chance.`,
        x: { label: 'False positive rate', domain: share },
        y: { label: 'True positive rate', domain: share },
        hasDiagonal: true,
        height: 320,
        series: [curve('model', roc)],
      }),
      lineChart({
        title: 'Precision and recall',
        note: `Average precision ${metric(measured.result.metrics.averagePrecision)}. The dotted line is the share of vulnerable functions.`,
        x: { label: 'Recall', domain: share },
        y: { label: 'Precision', domain: share },
        level: vulnerable / functions,
        height: 320,
        series: [curve('model', pr)],
      }),
    );
  }
  if (reliability.length > 0) {
    charts.push(
      lineChart({
        title: 'Reliability',
        note: 'Functions in bins of equal size by score. On the dotted line the scores are calibrated.',
        x: { label: 'Mean score', domain: share },
        y: { label: 'Share vulnerable', domain: share },
        hasDiagonal: true,
        height: 320,
        series: [
          {
            label: 'model',
            points: [...reliability]
              .reverse()
              .map(({ meanScore, observed }) => [meanScore, observed] as const),
            hasDots: true,
          },
        ],
      }),
    );
  }
  return {
    id: 'curves',
    title: 'Curves',
    note: `${SET_NAMES[name]}. Bands: 95% of the curves on resampled data lie here.`,
    body:
      charts.length === 0
        ? emptyNote('No functions were scored.')
        : html`${roc.points.length === 0 && emptyNote('All functions have the same label, so the curves are not defined.')}<div class="grid">${charts}</div>`,
  };
}

const curve = (label: string, { points, band }: ReportData['roc']) => ({
  label,
  points: thinned(points).map(({ x, y }) => [x, y] as const),
  band: band.map(({ x, low, high }) => [x, low, high] as const),
});

/** The eye sees no more; the ends stay. */
function thinned<T>(points: readonly T[], most = 500): readonly T[] {
  if (points.length <= most) return points;
  const last = points.length - 1;
  return Array.from({ length: most }, (_, i) => points[Math.round((i * last) / (most - 1))]!);
}

const GROUPS: Readonly<Record<string, readonly [label: string, color: string]>> = {
  P1: ['P1 vulnerable', COLOR.vulnerable],
  P2: ['P2 fixed', COLOR.fixed],
  P3: ['P3 unrelated', COLOR.safe],
  vulnerable: ['vulnerable', COLOR.vulnerable],
  other: ['not vulnerable', COLOR.safe],
};

function scoresChart(bins: ReportData['histogram'], threshold: number): SafeHtml {
  const groups = Object.keys(GROUPS).filter((group) => bins[0]?.counts[group] !== undefined);
  const edges = [...bins.map(({ from }) => from), bins.at(-1)?.to ?? 1];
  // The axis fits the scores: a threshold beyond them is told in words.
  const isWithin = threshold >= edges[0]! && threshold <= edges.at(-1)!;
  const side = threshold < edges[0]! ? 'below' : 'above';
  const note = 'Each row fills its own height: compare shapes, not heights.';
  return histogramRows({
    title: 'Scores by set',
    note: isWithin ? note : `${note} The threshold, ${metric(threshold, 3)}, lies ${side} all scores.`,
    x: { label: 'Score' },
    edges,
    rows: groups.map((group) => {
      const [label, color] = GROUPS[group]!;
      return { label, color, counts: bins.map(({ counts }) => counts[group] ?? 0) };
    }),
    ...(isWithin ? { marker: { at: threshold, label: `threshold ${metric(threshold, 3)}` } } : {}),
  });
}

const DIMENSIONS = {
  set: 'By set',
  cwe: 'By weakness (CWE)',
  language: 'By language',
  length: 'By length',
  project: 'By project',
  'length-matched': 'On length-matched pairs',
} as const satisfies Readonly<Record<SliceDimension, string>>;
const MOST_SLICES = 16;

const DIMENSION_NOTES: Readonly<Partial<Record<SliceDimension, string>>> = {
  set: 'P1+P2: vulnerable functions beside their own fixes; P1+P3: beside unrelated functions.',
  'length-matched':
    'Each vulnerable function beside one that is not and is as long: length tells nothing here.',
};

export function slicesSection({ measured, hasRecords }: SetReport): Section {
  const large = measured.slices.filter(({ result }) => result.n >= LEAST_OF_A_SLICE);
  const small = measured.slices.filter(({ result }) => result.n < LEAST_OF_A_SLICE);
  const tables = (Object.keys(DIMENSIONS) as SliceDimension[]).flatMap((dimension) => {
    const slices = large.filter((slice) => slice.dimension === dimension);
    if (slices.length === 0) return [];
    const left = slices.length - MOST_SLICES;
    const notes = [
      ...(DIMENSION_NOTES[dimension] === undefined ? [] : [DIMENSION_NOTES[dimension]]),
      ...(left > 0 ? [`The largest ${MOST_SLICES}; ${left} more are left out.`] : []),
    ];
    return sliceTable(DIMENSIONS[dimension], notes, slices.slice(0, MOST_SLICES));
  });
  const body = html`${tables}${small.length > 0 && smallSlices(small)}`;
  return {
    id: 'slices',
    title: 'Where it is right',
    shortTitle: 'Slices',
    note: `Slices of fewer than ${LEAST_OF_A_SLICE} functions are folded: an accuracy over a dozen functions moves by eight points with each.`,
    body:
      measured.slices.length === 0
        ? emptyNote(
            hasRecords
              ? 'The functions have no set, weakness, language or project to group by.'
              : 'The data file of this run is gone or has changed, so the kinds of its functions are not known.',
          )
        : body,
  };
}

function smallSlices(slices: readonly SliceResult[]): SafeHtml {
  const what = `${count(slices.length)} ${slices.length === 1 ? 'slice' : 'slices'} of fewer than ${LEAST_OF_A_SLICE} functions`;
  const named = slices.map((slice) => ({
    ...slice,
    name: `${slice.name} (${DIMENSION_NAMES[slice.dimension]})`,
  }));
  return html`<details class="more"><summary>${what}</summary>${sliceTable(what, ['Too few to say anything by themselves.'], named)}</details>`;
}

const DIMENSION_NAMES: Readonly<Record<SliceDimension, string>> = {
  set: 'set',
  cwe: 'weakness',
  language: 'language',
  length: 'length',
  project: 'project',
  'length-matched': 'length-matched',
};

function sliceTable(caption: string, notes: readonly string[], slices: readonly SliceResult[]): SafeHtml {
  return dataTable({
    caption,
    ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
    columns: [
      { heading: 'Slice' },
      ...['Functions', 'Vulnerable', 'Right', 'Wrong', 'Accuracy', 'F1', 'ROC AUC'].map((heading) => ({
        heading,
        isNumber: true,
      })),
    ],
    isSortable: true,
    rows: slices.map(({ name, result, right, wrong }) => ({
      cells: [
        name,
        count(result.n),
        count(result.positives),
        count(right),
        count(wrong),
        percent(result.n === 0 ? null : right / result.n),
        metric(result.metrics.f1, 2),
        metric(result.metrics.rocAuc, 2),
      ],
    })),
  });
}

export function mistakesSection({ mistakes, hasRecords }: SetReport): Section {
  const list = (target: 0 | 1, title: string, none: string) => {
    const some = mistakes.filter((mistake) => mistake.target === target);
    return html`<h3>${title}</h3>${some.length === 0 ? emptyNote(none) : some.map(mistakeFrame)}`;
  };
  return {
    id: 'mistakes',
    title: 'Most confident mistakes',
    shortTitle: 'Mistakes',
    note: mistakesNote(mistakes, hasRecords),
    body: html`${list(0, 'False alarms', 'No function was flagged wrongly.')}${list(1, 'Missed', 'No vulnerable function was missed.')}`,
  };
}

function mistakesNote(mistakes: readonly Mistake[], hasRecords: boolean): string {
  if (!hasRecords) return 'The code is not shown: the data file of this run is gone or has changed.';
  const isWarm = mistakes.some(({ heat }) => heat !== undefined);
  const lines =
    'Warmer lines pushed the score more towards "vulnerable" (gradient x input): a hint where to look, not a proof.';
  return `Worth reading: some of them are wrong labels.${isWarm ? ` ${lines}` : ''}`;
}

function mistakeFrame({ title, score, facts, code, heat }: Mistake): SafeHtml {
  const detail = [`score ${metric(score, 3)}`, ...facts].join(' · ');
  if (code === undefined) return html`<p><strong>${title}</strong> <span class="note">${detail}</span></p>`;
  return codeFrame({ code, title, detail, isFolded: true, ...(heat === undefined ? {} : { heat }) });
}
