/** @file A result table as rows of text: one for reading (Markdown, LaTeX, the terminal), one with every digit (CSV), and JSON. */
import type { DataTable } from '../report/table-formats.ts';
import type { BaselineRow, ResultRow, ResultTable } from './result-table.ts';
import type { CellFigure, Summary } from './summary.ts';
import { type PaperCell, PROMPT_FIGURES, SLICE_FIGURES } from './table-schema.ts';

/** For reading: the paper's cell beside ours in each column; ours alone in a table that no paper has. */
export function readableTable(table: ResultTable): DataTable {
  const { columns, rows, baselines } = table;
  const hasPaper = hasPaperCells(table);
  const beside = (paper: string) => (hasPaper ? [paper] : []);
  return {
    columns: [
      '',
      ...columns.flatMap(({ label }) => (hasPaper ? [`${label}: paper`, `${label}: ours`] : [label])),
      'seeds',
      'note',
    ],
    rows: [
      ...rows.map(({ name, paper, ours, seeds, note }) => [
        name,
        ...columns.flatMap(({ metric }, i) => [...beside(paperText(paper[i])), summaryText(ours[i], metric)]),
        seedsText(seeds),
        note,
      ]),
      ...baselines.map(({ label, figures }) => [
        label,
        ...figures.flatMap((figure, i) => [...beside(''), figureText(figure, columns[i]!.metric)]),
        '',
        'trivial baseline',
      ]),
    ],
    notes: tableNotes(table),
  };
}

/** What has to be known beside the figures. */
export function tableNotes(table: ResultTable): string[] {
  const { title, source, question, scale, columns, differences } = table;
  const hasPaper = hasPaperCells(table);
  return [
    [title, source].filter((part) => part !== undefined).join('. '),
    ...(question === undefined ? [] : [question]),
    ...(scale === undefined ? [] : [`Run at the scale ${scale}${hasPaper ? ", not the paper's" : ''}.`]),
    FIGURES_NOTE,
    ...columns.flatMap(({ label, verdict }) => (verdict === undefined ? [] : [`${label}: ${verdict}.`])),
    ...differences.map((difference) => `${hasPaper ? 'Differs from the paper' : 'Note'}: ${difference}.`),
  ];
}

const FIGURES_NOTE =
  "Ours: mean over seeds (least–most) [95% interval: Student's t over seeds; with one seed the bootstrap over its functions].";

/** One line per row, column and source, at full precision. */
export function completeTable({ columns, rows, baselines }: ResultTable): DataTable {
  const figureColumns = ['mean', 'min', 'max', 'low', 'high', 'interval_over', 'seeds_done', 'seeds_asked'];
  const digits = (value: number | undefined) => (value === undefined ? '' : String(value));
  return {
    columns: ['row', 'kind', 'metric', 'on', 'paper', ...figureColumns, 'note'],
    rows: [
      ...rows.flatMap(({ name, paper, ours, seeds, note }) =>
        columns.map(({ metric, on }, i) => [
          name,
          'row',
          metric,
          on,
          isPaperCell(paper[i]) ? String(paper[i]) : '',
          ...[ours[i]?.mean, ours[i]?.min, ours[i]?.max, ours[i]?.interval?.[0], ours[i]?.interval?.[1]].map(
            digits,
          ),
          ours[i]?.intervalOver ?? '',
          `${seeds.done}`,
          `${seeds.asked}`,
          note,
        ]),
      ),
      ...baselines.flatMap((baseline) => baselineLines(baseline, columns, digits)),
    ],
    notes: [],
  };
}

function baselineLines(
  { label, figures }: BaselineRow,
  columns: ResultTable['columns'],
  digits: (value: number | undefined) => string,
): string[][] {
  return columns.map(({ metric, on }, i) => {
    const value = figures[i]?.value;
    const [low, high] = figures[i]?.interval ?? [];
    const over = low === undefined ? '' : 'functions';
    return [
      label,
      'baseline',
      metric,
      on,
      '',
      ...[value, value, value, low, high].map(digits),
      over,
      '',
      '',
      '',
    ];
  });
}

/** The same as the page and the table show, for programs. */
export function tableJson(table: ResultTable): Record<string, unknown> {
  const { name, title, source, question, scale, differences } = table;
  return {
    formatVersion: 1,
    name,
    title,
    source: source ?? null,
    question: question ?? null,
    scale: scale ?? null,
    columns: table.columns.map(({ metric, on, label, verdict, pairs }) => ({
      metric,
      on,
      label,
      verdict: verdict ?? null,
      pairs,
    })),
    rows: table.rows.map(({ name: row, paper, ours, seeds, note, cells }) => ({
      name: row,
      paper,
      ours: ours.map((one) => one && summaryJson(one)).map((one) => one ?? null),
      seeds,
      note,
      cells: cells.map(({ seed, id, state, failure }) => ({
        seed,
        id: id ?? null,
        state,
        failure: failure ?? null,
      })),
    })),
    baselines: table.baselines.map(({ label, figures }) => ({
      label,
      figures: figures.map((one) =>
        one === undefined ? null : { value: one.value, interval: one.interval ?? null },
      ),
    })),
    curves: table.curves,
    differences,
  };
}

const summaryJson = ({ mean, min, max, seeds, interval, intervalOver }: Summary) => ({
  mean,
  min,
  max,
  seeds,
  interval: interval ?? null,
  interval_over: intervalOver ?? null,
});

interface PaperCells {
  readonly rows: readonly Pick<ResultRow, 'paper'>[];
}

/** Whether a paper's figures stand beside ours: a table of our own may have none, even where it names a source. */
export const hasPaperCells = ({ rows }: PaperCells): boolean =>
  rows.some(({ paper }) => paper.some(isPaperCell));

/** Whether the paper gives a figure there. */
export const isPaperCell = (cell: PaperCell | undefined): cell is string | number =>
  cell !== null && cell !== undefined;

/** The heading above `differences`; a table without cells of a paper has none to differ from. */
export const differencesTitle = (table: PaperCells): string =>
  hasPaperCells(table) ? 'What differs from the paper' : 'Notes on these figures';

export const paperText = (cell: PaperCell | undefined): string => (isPaperCell(cell) ? String(cell) : '–');

export const seedsText = ({ done, asked }: { readonly done: number; readonly asked: number }): string =>
  done === asked ? String(done) : `${done}/${asked}`;

/** `0.612 (0.598–0.630) [0.580, 0.644]`; a dash where nothing is measured. */
export function summaryText(summary: Summary | undefined, metric: string): string {
  if (summary === undefined) return '–';
  const { mean, range, interval } = summaryParts(summary, metric);
  return [mean, range === '' ? '' : `(${range})`, interval].filter((part) => part !== '').join(' ');
}

/** Empty where there is no such part: one seed has no range. */
export function summaryParts(
  summary: Summary,
  metric: string,
): {
  readonly mean: string;
  readonly range: string;
  readonly interval: string;
} {
  const { mean, min, max, seeds } = summary;
  return {
    mean: number(mean, metric),
    range: seeds === 1 ? '' : `${number(min, metric)}–${number(max, metric)}`,
    interval: intervalText(summary, metric).trim(),
  };
}

export const figureText = (figure: CellFigure | undefined, metric: string): string =>
  figure === undefined ? '–' : `${number(figure.value, metric)}${intervalText(figure, metric)}`;

const intervalText = ({ interval }: Pick<CellFigure, 'interval'>, metric: string) =>
  interval === undefined ? '' : ` [${number(interval[0], metric)}, ${number(interval[1], metric)}]`;

const COUNTS: ReadonlySet<string> = new Set([
  'best_epoch',
  ...Object.keys(SLICE_FIGURES),
  ...Object.keys(PROMPT_FIGURES),
]);

/** Metrics have three digits, means of counts one; what is larger than a hundred is a count or a rate. */
function number(value: number, metric: string): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  if (COUNTS.has(metric)) return Number.isInteger(value) ? String(value) : value.toFixed(1);
  return value.toFixed(3);
}
