/**
 * @file An evaluation for people, one screen: the verdict, what the model does not beat, the model beside its
 * baselines, its other figures, footnotes. Computes nothing.
 */
import { type Comparison, withBlend } from '../../evaluation/compare-baselines.ts';
import { concludeComparison, conclusionText } from '../../evaluation/conclusion.ts';
import type { EvaluationRow } from '../../evaluation/evaluation-row.ts';
import { type FigureName, figureHeading, figureValue } from '../../evaluation/figures.ts';
import { formatTable } from '../../evaluation/format.ts';
import { metricNames, metricRegistry } from '../../evaluation/metrics/registry.ts';
import { pairNotes } from '../../evaluation/pair-words.ts';
import type { Interval } from '../../evaluation/resampling/intervals.ts';
import { verdicts } from '../../evaluation/verdicts.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { wrapText } from '../display/wrap.ts';

const COMPARED = ['rocAuc', 'averagePrecision', 'f1'] as const satisfies readonly FigureName[];

const THRESHOLD_FROM: Readonly<Record<EvaluationRow['thresholdFrom'], string>> = {
  given: ' as given',
  adapter: ' of the adapter',
  fixed: '',
  validation: ' chosen on validation',
  training: ' chosen on training',
};

/** Side by side: what depends on the threshold, and what does not; then what is said of pairs. */
const DETAILS: readonly (readonly [FigureName, FigureName?])[] = [
  ['precision', 'oracleF1'],
  ['recall', 'recallAtPrecision@0.8'],
  ['falsePositiveRate', 'recallAtPrecision@0.9'],
  ['accuracy', 'vdScore@0.005'],
  ['balancedAccuracy', 'vdScore@0.01'],
  ['mcc', 'vdScore@0.05'],
  ['brier', 'calibrationError'],
  ['logLoss'],
  ['P-C', 'P-V'],
  ['P-B', 'P-R'],
  ['pairRanking', 'unrelatedRanking'],
];

export function evaluationTable(comparison: Comparison, terminal: Terminal): string {
  const model = comparison.rows[0]!;
  const { colors } = terminal;
  const notes = footnotes(comparison);
  return [
    comparedFigures(comparison, terminal),
    `\n${colors.muted(`${model.label}, threshold ${model.result.threshold.toPrecision(3)}${THRESHOLD_FROM[model.thresholdFrom]} (↓ lower is better)`)}\n`,
    renderTable(
      [{ heading: '' }, { heading: '' }, { heading: '' }, { heading: '' }],
      DETAILS.filter((pair) =>
        pair.some((name) => name && figureValue(model.result, name) !== undefined),
      ).map((pair) =>
        pair.flatMap((name) =>
          name === undefined ? ['', ''] : [`  ${label(name)}`, cell(model, name, (x) => x, terminal)],
        ),
      ),
      terminal,
    ),
    ...notes.map((note) => `${colors.muted(note)}\n`),
  ].join('');
}

function comparedFigures(comparison: Comparison, terminal: Terminal): string {
  const model = comparison.rows[0]!;
  const { colors } = terminal;
  const table = renderTable(
    [{ heading: '' }, ...COMPARED.map((name) => ({ heading: figureHeading(name).label }))],
    withBlend(comparison).map((row) => [
      row === model ? colors.strong(row.label) : row.label,
      ...COMPARED.map((name) => cell(row, name, row === model ? colors.strong : (text) => text, terminal)),
    ]),
    terminal,
  );
  const said = concludeComparison(comparison);
  const paint = said.good ? colors.good : colors.warning;
  const verdict = lines(conclusionText(said), terminal).map((line) => colors.strong(paint(line)));
  return `${verdict.join('\n')}\n${verdictLines(comparison, terminal)}${countsOf(model)}; ${colors.muted(basis(comparison))}\n\n${table}`;
}

const lines = (text: string, terminal: Terminal) => wrapText(text, terminal.columns());

function verdictLines({ rows, shortfalls }: Comparison, { colors }: Terminal): string {
  const judged = rows.map(({ name, label: called, result }) => ({
    name,
    label: called,
    metrics: result.metrics,
  }));
  return verdicts(judged, shortfalls)
    .map(({ sentence, good }) => `${(good ? colors.good : colors.warning)(sentence)}\n`)
    .join('');
}

function countsOf({ result: { n, positives } }: EvaluationRow): string {
  return `${n} ${n === 1 ? 'function' : 'functions'}, ${positives} of them vulnerable`;
}

function basis({ bootstrap }: Comparison): string {
  if (bootstrap === undefined) return 'no intervals';
  const { resamples, clusterBy, clusters, fewClusters } = bootstrap;
  const of = `${clusters} ${clusterBy}${clusters === 1 ? '' : 's'}`;
  const few = fewClusters ? `; only ${of}, so true intervals are wider` : '';
  return `intervals: 95%, ${resamples} resamples of ${of}${few}`;
}

const label = (name: FigureName) => {
  const { label: text, better } = figureHeading(name);
  return better === 'lower' ? `${text} ↓` : text;
};

function cell(
  row: EvaluationRow,
  name: FigureName,
  paint: (text: string) => string,
  { colors }: Terminal,
): string {
  const value = figureValue(row.result, name);
  if (value === undefined) return '–';
  const isCautioned = Object.hasOwn(row.result.cautions, name);
  const interval = row.intervals?.[name];
  return [
    paint(`${value.toFixed(3)}${isCautioned ? '?' : ''}`),
    ...(interval === undefined ? [] : [colors.muted(range(interval))]),
  ].join(' ');
}

export const range = ({ low, high }: Interval) => `${low.toFixed(2)}–${high.toFixed(2)}`;

function footnotes(comparison: Comparison): string[] {
  const { cautions } = comparison.rows[0]!.result;
  const cautioned = metricNames.flatMap((name) =>
    cautions[name] === undefined ? [] : [`${metricRegistry[name].label}?: ${cautions[name]}`],
  );
  return [
    ...formatTable(withBlend(comparison)).notes,
    ...pairNotes(comparison.rows[0]!.result),
    ...cautioned,
  ];
}
